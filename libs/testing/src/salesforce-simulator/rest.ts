import type { BulkJobs } from './bulk-jobs.js';
import type { Cursors } from './cursors.js';
import { type Org, shown, toDateTime } from './org.js';
import { SalesforceApiError, notFound } from './salesforce-error.js';
import { describeField, describeObject, type ObjectSchema } from './schema.js';
import type { SalesforceUser } from './sessions.js';
import { parseSoql } from './soql/parse.js';
import { runQuery } from './soql/run.js';

export interface RestRequest {
  readonly method: string;
  /** e.g. `v64.0`. */
  readonly version: string;
  /** Below the version, without a trailing slash, e.g. `/query`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly user: SalesforceUser;
}

export interface RestAnswer { readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> }

const THIRTY_DAYS = 2_592_000_000;
const json = (value: unknown, status = 200): RestAnswer => ({ status, body: value === undefined ? '' : JSON.stringify(value) });

/** The resources below `/services/data/vXX.0`. */
export class RestApi {
  constructor(private readonly org: Org, private readonly cursors: Cursors, private readonly bulk: BulkJobs, private readonly limits: () => Readonly<Record<string, { Max: number; Remaining: number }>>) {}

  /** @throws SalesforceApiError */
  answer(request: RestRequest): RestAnswer {
    const { path, version, user } = request;
    const [, resource = '', ...rest] = path.split('/');
    switch (resource) {
      case '': return json(Object.fromEntries(['sobjects', 'query', 'queryAll', 'limits', 'jobs'].map((name) => [name, `/services/data/${version}/${name}`])));
      case 'query': case 'queryAll': return this.query(request, resource === 'queryAll', rest[0]);
      case 'jobs': return this.bulk.answer(request.method, path, request.query, request.body, version, user);
      case 'sobjects': return this.sobjects(request, rest);
      case 'limits':
        if (!user.viewSetup) throw new SalesforceApiError(403, 'INSUFFICIENT_ACCESS', 'Insufficient privileges. You need the View Setup and Configuration permission to see limits.');
        return json(this.limits());
      default: throw notFound();
    }
  }

  private query({ query, version, user }: RestRequest, all: boolean, locator: string | undefined): RestAnswer {
    if (locator !== undefined) return json(this.cursors.next(locator, user));
    const soql = query.get('q');
    if (soql === null || soql === '') throw new SalesforceApiError(400, 'MALFORMED_QUERY', 'SOQL query is required');
    const parsed = parseSoql(soql);
    const result = runQuery(this.org, user, parsed, all);
    // A count has a size and no records.
    if (parsed.count) return json({ totalSize: result.records.length, done: true, records: [] });
    // Batches of queryAll go on at /query as well.
    return json(this.cursors.first(result, user, version, `/services/data/${version}/query`));
  }

  private sobjects({ method, version, user, query, body }: RestRequest, [name, id, ...more]: readonly string[]): RestAnswer {
    const { org } = this;
    if (name === undefined) {
      return json({ encoding: 'UTF-8', maxBatchSize: 200, sobjects: [...org.schemas.values()].filter((schema) => !user.denied.has(schema.name)).map((schema) => describeObject(schema, version)) });
    }
    const schema = org.schema(name, user);
    if (id === 'describe') return json({ ...describeObject(schema, version), fields: [...org.fields(schema, user).values()].map(describeField), childRelationships: [], recordTypeInfos: [] });
    if (id === 'deleted' || id === 'updated') return json(this.changes(schema, id, query));
    if (more.length > 0) throw notFound();
    if (id === undefined) {
      if (method !== 'POST') return json({ objectDescribe: describeObject(schema, version), recentItems: [] });
      return json({ id: org.insert(schema.name, JSON.parse(body) as Record<string, unknown>), success: true, errors: [] }, 201);
    }
    const row = org.find(schema.name, id);
    if (row === undefined) throw notFound();
    if (row.IsDeleted === true) throw new SalesforceApiError(404, 'ENTITY_IS_DELETED', 'entity is deleted');
    if (method === 'PATCH') { org.update(schema.name, String(row.Id), JSON.parse(body) as Record<string, unknown>); return json(undefined, 204); }
    if (method === 'DELETE') { org.remove(schema.name, String(row.Id)); return json(undefined, 204); }
    const fields = [...org.fields(schema, user).values()];
    return json({ attributes: { type: schema.name, url: `/services/data/${version}/sobjects/${schema.name}/${String(row.Id)}` }, ...Object.fromEntries(fields.map((field) => [field.name, shown(row, field)])) });
  }

  private changes({ name }: ObjectSchema, kind: 'deleted' | 'updated', query: URLSearchParams): Record<string, unknown> {
    const [start, end] = [Date.parse(query.get('start') ?? ''), Date.parse(query.get('end') ?? '')];
    if (!(start < end)) throw new SalesforceApiError(400, 'INVALID_REPLICATION_DATE', 'start and end must be dates, and end the later one');
    if (start < this.org.now() - THIRTY_DAYS) throw new SalesforceApiError(400, 'INVALID_REPLICATION_DATE', 'start date must be within 30 days from now');
    const rows = this.org.all(name).filter((row) => Number(row.SystemModstamp) >= start && Number(row.SystemModstamp) < end && (row.IsDeleted === true) === (kind === 'deleted'));
    const covered = toDateTime(Math.min(end, this.org.now()));
    if (kind === 'updated') return { ids: rows.map(({ Id }) => Id), latestDateCovered: covered };
    return { deletedRecords: rows.map(({ Id, SystemModstamp }) => ({ id: Id, deletedDate: toDateTime(Number(SystemModstamp)) })), earliestDateAvailable: toDateTime(this.org.now() - THIRTY_DAYS), latestDateCovered: covered };
  }
}
