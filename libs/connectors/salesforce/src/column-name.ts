/** Column name of a field: `SystemModstamp` → `system_modstamp`, `Score__c` → `score_c`, `SBQQ__Quote__c` → `sbqq_quote_c`. */
export const columnName = (field: string): string => field
  .replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2').replace(/_+/g, '_').replace(/^_|_$/g, '').toLowerCase();
