import { PartnerContractError } from '#contracts';
import type { PartnerResponse } from './http/types.js';

type JsonObject = Record<string, unknown>;
const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A page as a reader needs it: for the cursor and the count. Numbers may have lost digits here; the bytes have not. */
export interface ParsedPage {
  readonly body: JsonObject;
  /** Without those that are no objects: the normaliser puts them into the dead letter. */
  readonly records: readonly JsonObject[];
}

/**
 * Parses a partner's page and finds its records.
 * @param recordsAt dotted path of the array of records, as in `Page.recordsAt`
 * @throws PartnerContractError when it isn't JSON, or has no array there
 */
export function parsePage(response: PartnerResponse, recordsAt: string): ParsedPage {
  const body = response.json();
  const records = recordsAt.split('.').reduce<unknown>((value, key) => isObject(value) ? value[key] : undefined, body);
  if (!isObject(body) || !Array.isArray(records)) {
    throw new PartnerContractError(`The answer to ${response.request} has no list of records at "${recordsAt}".`);
  }
  return { body, records: records.filter(isObject) };
}
