/** A JSON object of Salesforce's. */
export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:?\d\d)$/;

/** Milliseconds since the epoch of a time as Salesforce writes it (`2026-06-01T12:00:00.000+0000`); undefined for anything else. */
export function toMs(value: unknown): number | undefined {
  if (typeof value !== 'string' || !DATE_TIME.test(value)) return undefined;
  const ms = Date.parse(value.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * What tells when a record changed, the best first: SystemModstamp also moves when Salesforce itself changes a record. What has
 * none of them is read in full each time.
 */
export const CURSORS = ['SystemModstamp', 'LastModifiedDate', 'CreatedDate', 'LoginTime'] as const;
