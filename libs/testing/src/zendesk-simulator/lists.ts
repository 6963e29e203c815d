import type { ZendeskAccount, ZendeskObject } from './account.js';
import { isGone } from './operations.js';
import { rulesOf, type ResourceName, type ResourceRules } from './resources.js';
import { invalidValue, ZendeskApiError } from './zendesk-error.js';

const MOST_ROWS = 100;

/** A list by cursor when `page[size]` is given, by page number otherwise. @throws ZendeskApiError 400 */
export function listAnswer(account: ZendeskAccount, name: ResourceName, query: URLSearchParams): Record<string, unknown> {
  const rules = rulesOf(name);
  const rows = rowsOf(account, name, rules, query);
  const url = `${account.url}/api/v2/${rules.path}.json`;
  if (rules.paging === 'whole') return { [rules.key]: rows, count: rows.length, next_page: null, previous_page: null };
  return rules.paging === 'cursor' && query.has('page[size]') ? byCursor(rules.key, rows, url, query) : byNumber(rules.key, rows, url, query);
}

function rowsOf(account: ZendeskAccount, name: ResourceName, { since }: ResourceRules, query: URLSearchParams): readonly Readonly<Record<string, unknown>>[] {
  if (name === 'tags') return tagsOf(account);
  const rows = account.all(name).filter((object) => !isGone(name, object)).sort((a, b) => a.id - b.id);
  const seconds = (text: string): number => (/^\d+$/.test(text) ? Number(text) : Date.parse(text) / 1_000);
  const bounds = since === undefined ? [] : query.getAll(since).map(seconds);
  if (bounds.some(Number.isNaN)) throw invalidValue(`${String(since)} is not a time`, 400);
  const [from = -Infinity, to = Infinity] = bounds;
  const at = (object: ZendeskObject): number => Date.parse(String(object[since === 'filter[created_at][]' ? 'created_at' : 'updated_at'])) / 1_000;
  return rows.filter((object) => at(object) >= from && at(object) <= to).map(({ generated_timestamp: _, ...object }) => object);
}

/** Tags have no id and no time: how often each is used. */
function tagsOf(account: ZendeskAccount): { readonly name: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const ticket of account.all('tickets')) {
    if (!isGone('tickets', ticket)) for (const tag of ticket['tags'] as string[]) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}

const encode = (offset: number): string => Buffer.from(`o|${offset}`).toString('base64');
function decode(cursor: string): number {
  const found = /^o\|(\d+)$/.exec(Buffer.from(cursor, 'base64').toString('utf8'));
  if (found === null) throw new ZendeskApiError(400, { error: 'InvalidPaginationParameter', description: 'page[after] is not valid' });
  return Number(found[1]);
}

/** The id of the row, or its rank where there is none: the cursor of the page that ends with it. */
const mark = (row: Readonly<Record<string, unknown>>, index: number): number => (typeof row['id'] === 'number' ? row['id'] : index + 1);

function byCursor(key: string, rows: readonly Readonly<Record<string, unknown>>[], url: string, query: URLSearchParams): Record<string, unknown> {
  const size = Number(query.get('page[size]'));
  if (!Number.isInteger(size) || size < 1 || size > MOST_ROWS) throw new ZendeskApiError(400, { error: 'InvalidPaginationParameter', description: `page[size] must be between 1 and ${MOST_ROWS}` });
  const cursor = query.get('page[after]');
  const after = cursor === null ? -1 : decode(cursor);
  const marked = rows.map((row, index) => ({ row, mark: mark(row, index) })).filter((one) => one.mark > after);
  const page = marked.slice(0, size);
  const [first, last] = [page[0], page.at(-1)];
  const link = (side: 'before' | 'after', at: number | undefined): string | null => {
    if (at === undefined) return null;
    const next = new URLSearchParams(query);
    next.delete(side === 'after' ? 'page[before]' : 'page[after]');
    next.set(`page[${side}]`, encode(at));
    return `${url}?${next.toString()}`;
  };
  // `next` is there also when nothing follows, as on most of Zendesk's lists.
  return {
    [key]: page.map(({ row }) => row),
    meta: { has_more: marked.length > size, after_cursor: last === undefined ? null : encode(last.mark), before_cursor: first === undefined ? null : encode(first.mark) },
    links: { prev: link('before', first?.mark), next: link('after', last?.mark) },
  };
}

function byNumber(key: string, rows: readonly Readonly<Record<string, unknown>>[], url: string, query: URLSearchParams): Record<string, unknown> {
  const size = Math.min(MOST_ROWS, Math.max(1, Number(query.get('per_page') ?? MOST_ROWS) || MOST_ROWS));
  const page = Math.max(1, Number(query.get('page') ?? 1) || 1);
  // Pages by number end at the 10,000th row.
  if (page * size > 10_000) throw new ZendeskApiError(400, { error: 'TooManyValues', description: 'Requested response size was greater than Search Response Limits' });
  const link = (to: number): string => {
    const next = new URLSearchParams(query);
    next.set('page', String(to));
    return `${url}?${next.toString()}`;
  };
  return {
    [key]: rows.slice((page - 1) * size, page * size), count: rows.length,
    next_page: page * size < rows.length ? link(page + 1) : null, previous_page: page > 1 ? link(page - 1) : null,
  };
}
