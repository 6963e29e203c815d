/** Column name of a field: `SystemModstamp` → `system_modstamp`, `Score__c` → `score_c`, `SBQQ__Quote__c` → `sbqq_quote_c`. */
export const columnName = (field: string): string => field
  .replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2').replace(/_+/g, '_').replace(/^_|_$/g, '').toLowerCase();

/** Column by field. Two custom fields may come to one name; by the alphabet, so that each keeps its column from record to record. */
export function columnNames(fields: readonly string[]): Map<string, string> {
  const taken = new Set<string>();
  return new Map([...fields].sort().map((field) => {
    const name = columnName(field);
    let free = name;
    for (let count = 2; taken.has(free); count++) free = `${name}_${count}`;
    taken.add(free);
    return [field, free];
  }));
}
