import { PartnerContractError } from '#contracts';
import { parsePage, type PartnerHttp, type PartnerRequest, type PartnerResponse } from '#connector-kit';
import { mapError } from '../map-error.js';
import { isObject, type Json } from '../normalize/values.js';

export const PAGE_SIZE = 100;

export interface ListPage {
  readonly response: PartnerResponse;
  readonly records: readonly Json[];
  readonly more: boolean;
}

interface ListRequest {
  readonly path: string;
  readonly endpoint: string;
  readonly collection: string;
  readonly query: NonNullable<PartnerRequest['query']>;
}

/**
 * One page of a list. Undefined when the record that it should start after is gone: the caller starts again without it.
 * @throws PartnerContractError when the answer is no list.
 */
export async function fetchPage(http: PartnerHttp, { path, endpoint, collection, query }: ListRequest, after: string | undefined): Promise<ListPage | undefined> {
  const response = await http.send({
    path, endpoint, collection, query: { limit: PAGE_SIZE, ...query, starting_after: after },
    // A deleted anchor is an answer, not a failure; anything else of these statuses is thrown below.
    ...(after !== undefined && { accept: [400, 404] }),
  });
  if (response.status >= 400) {
    const { error } = response.json<{ error?: { code?: string; param?: string } }>();
    if (error?.code === 'resource_missing' && error.param === 'starting_after') return undefined;
    throw mapError({ status: response.status, headers: response.headers, body: response.body, path }) ?? new PartnerContractError(`Stripe answered ${response.status} to ${path}.`);
  }
  const { body, records } = parsePage(response, 'data');
  const more = body.has_more === true;
  const last = idOfLast(records);
  if (more && (last === undefined || last === after)) throw new PartnerContractError(`Stripe says that ${path} goes on, but the page names no next record.`);
  return { response, records, more };
}

/**
 * One object. Undefined when the status is one of `accept`.
 * @throws PartnerContractError when the answer is no object with an id.
 */
export async function fetchOne(http: PartnerHttp, { path, endpoint, collection, query }: ListRequest, accept: readonly number[] = []): Promise<{ readonly response: PartnerResponse; readonly record: Json | undefined }> {
  const response = await http.send({ path, endpoint, collection, query, accept });
  if (accept.includes(response.status)) return { response, record: undefined };
  const record = response.json();
  if (!isObject(record) || typeof record.id !== 'string') throw new PartnerContractError(`Stripe's answer to ${path} is not an object with an id.`);
  return { response, record };
}

/** The next page's `starting_after`. */
export function idOfLast(records: readonly Json[]): string | undefined {
  const id = records.at(-1)?.id;
  return typeof id === 'string' ? id : undefined;
}

/** When a record was created, in epoch seconds; invoice items call it `date`. */
export function createdOf(record: Json | undefined): number | undefined {
  const created = record?.created ?? record?.date;
  return typeof created === 'number' ? created : undefined;
}
