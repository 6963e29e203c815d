import type { ZendeskAccount, ZendeskObject } from './account.js';
import { metricOf, withoutComments } from './tickets.js';
import { invalidEndpoint, invalidValue } from './zendesk-error.js';

/** Zendesk's own limit of an export's page. */
const MOST_ROWS = 1_000;
/** What changed in the last minute isn't exported yet, and can't be asked for. */
const LAG_SECONDS = 60;

/** A row in export order. */
interface Row { readonly id: number; readonly at: number; readonly value: Readonly<Record<string, unknown>> }

type ExportName = 'tickets' | 'users' | 'organizations' | 'ticket_events';
const NAMES: readonly ExportName[] = ['tickets', 'users', 'organizations', 'ticket_events'];
export const exportNamed = (name: string | undefined): ExportName | undefined => NAMES.find((one) => one === name);

export class Exports {
  private readonly sorted = new Map<ExportName, { readonly revision: number; readonly rows: readonly Row[] }>();

  /** @param mostRows the largest page, whatever is asked for */
  constructor(private readonly account: ZendeskAccount, private readonly mostRows = MOST_ROWS) {}

  /** Cursor-based: a total order by time and id. @throws ZendeskApiError */
  byCursor(name: ExportName, query: URLSearchParams): Record<string, unknown> {
    if (name !== 'tickets' && name !== 'users') throw invalidEndpoint();
    const size = pageSize(query, this.mostRows);
    const cursor = query.get('cursor');
    const after = cursor === null ? { at: this.startTime(query), id: -1 } : decodeCursor(cursor);
    const rows = this.rows(name).filter(({ at, id }) => at > after.at || (at === after.at && id > after.id));
    const page = rows.slice(0, size);
    const last = page.at(-1);
    const next = last === undefined ? cursor : encodeCursor(last);
    return {
      [name]: this.shown(name, page, query), ...this.sideLoads(name, page, query),
      after_url: next === null ? null : this.url(`incremental/${name}/cursor.json`, { ...includes(query), cursor: next }),
      before_url: null, after_cursor: next, before_cursor: null, end_of_stream: rows.length <= size,
    };
  }

  /**
   * Time-based: a page that is cut inside a second ends at that second, so that the next one repeats its rows; a cut that
   * would make no progress is moved to the end of the second. @throws ZendeskApiError
   */
  byTime(name: ExportName, query: URLSearchParams): Record<string, unknown> {
    const size = pageSize(query, this.mostRows);
    const start = this.startTime(query);
    const rows = this.rows(name).filter(({ at }) => at >= start);
    let page = rows.slice(0, size);
    let end = page.at(-1)?.at ?? null;
    if (rows.length > size && end === start) {
      page = rows.filter(({ at }) => at === start);
      end = start + 1;
    }
    return {
      [name]: this.shown(name, page, query), ...this.sideLoads(name, page, query),
      count: page.length, end_of_stream: page.length === rows.length, end_time: end,
      next_page: this.url(`incremental/${name}.json`, { ...includes(query), start_time: String(end ?? start) }),
    };
  }

  /** Everything that is old enough, oldest first. */
  private rows(name: ExportName): readonly Row[] {
    const { account } = this;
    let known = this.sorted.get(name);
    if (known?.revision !== account.revision) {
      const rows = name === 'ticket_events'
        ? account.ticketEvents.map((value) => ({ id: value.id, at: value.timestamp, value }))
        : account.all(name).map((value) => ({ id: value.id, at: name === 'tickets' ? Number(value['generated_timestamp']) : Date.parse(String(value['updated_at'])) / 1_000, value }));
      known = { revision: account.revision, rows: rows.sort((a, b) => a.at - b.at || a.id - b.id) };
      this.sorted.set(name, known);
    }
    const until = Math.floor(account.clock.now() / 1_000) - LAG_SECONDS;
    return known.rows.filter(({ at }) => at <= until);
  }

  private startTime(query: URLSearchParams): number {
    const text = query.get('start_time');
    if (text === null || !/^\d{1,12}$/.test(text)) throw invalidValue('The start_time parameter is missing or is not a Unix epoch time', 400);
    if (Number(text) > Math.floor(this.account.clock.now() / 1_000) - LAG_SECONDS) throw invalidValue('Too recent start_time. Use a start_time older than 60 seconds');
    return Number(text);
  }

  private shown(name: ExportName, page: readonly Row[], query: URLSearchParams): unknown[] {
    const included = includedIn(query);
    return page.map(({ value }) => {
      if (name === 'ticket_events' && !included.has('comment_events')) return withoutComments(value as Parameters<typeof withoutComments>[0]);
      if (name === 'tickets' && included.has('metric_sets')) return { ...value, metric_set: metricOf(this.account, value['id']) ?? null };
      return value;
    });
  }

  private sideLoads(name: ExportName, page: readonly Row[], query: URLSearchParams): Record<string, unknown> {
    const { account } = this;
    const included = includedIn(query);
    const referred = (resource: 'users' | 'groups' | 'organizations', ...fields: string[]): ZendeskObject[] => {
      const ids = new Set(page.flatMap(({ value }) => fields.map((field) => value[field])));
      return account.all(resource).filter(({ id }) => ids.has(id));
    };
    return {
      ...(name === 'users' && included.has('identities') && { identities: page.flatMap(({ id }) => account.identities.get(id) ?? []) }),
      ...(name === 'tickets' && included.has('users') && { users: referred('users', 'requester_id', 'submitter_id', 'assignee_id') }),
      ...(name !== 'ticket_events' && included.has('groups') && { groups: referred('groups', 'group_id', 'default_group_id') }),
      ...(name !== 'organizations' && included.has('organizations') && { organizations: referred('organizations', 'organization_id') }),
    };
  }

  private url(path: string, query: Readonly<Record<string, string>>): string {
    return `${this.account.url}/api/v2/${path}?${new URLSearchParams(query).toString()}`;
  }
}

function pageSize(query: URLSearchParams, most: number): number {
  const asked = Number(query.get('per_page') ?? most);
  return Number.isInteger(asked) && asked > 0 ? Math.min(asked, most) : most;
}

const includedIn = (query: URLSearchParams): ReadonlySet<string> => new Set((query.get('include') ?? '').split(',').filter((name) => name !== ''));
function includes(query: URLSearchParams): Record<string, string> {
  const [include, size] = [query.get('include'), query.get('per_page')];
  return { ...(include !== null && { include }), ...(size !== null && { per_page: size }) };
}

const encodeCursor = ({ at, id }: Pick<Row, 'at' | 'id'>): string => Buffer.from(`${at}.0||${id}|`).toString('base64');
function decodeCursor(cursor: string): { readonly at: number; readonly id: number } {
  const found = /^(\d+)\.0\|\|(\d+)\|$/.exec(Buffer.from(cursor, 'base64').toString('utf8'));
  if (found === null) throw invalidValue('The cursor is invalid', 400);
  return { at: Number(found[1]), id: Number(found[2]) };
}
