import type { SimulatedClock } from '../stripe-simulator/clock.js';
import { toDateTime, type Org, type Reader } from './org.js';
import { SalesforceApiError, notFound } from './salesforce-error.js';
import type { SalesforceFieldType } from './schema.js';
import { parseSoql } from './soql/parse.js';
import { runQuery, type QueryResult } from './soql/run.js';

type State = 'UploadComplete' | 'InProgress' | 'JobComplete' | 'Failed' | 'Aborted';
interface Job {
  readonly id: string;
  readonly operation: 'query' | 'queryAll';
  readonly query: string;
  readonly object: string;
  readonly version: string;
  readonly reader: Reader;
  readonly createdAt: number;
  state: State;
  polls: number;
  result: QueryResult | undefined;
  error?: string;
}

export interface BulkAnswer { readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> }

const SEVEN_DAYS = 604_800_000;
const DAY = 86_400_000;
const PATH = /^\/jobs\/query(?:\/(\w+))?(\/results)?$/;

/** Query jobs of Bulk API 2.0. */
export class BulkJobs {
  /** Times that a job is asked for before it is complete. */
  pollsUntilDone = 2;
  /** Records of a page of results at most. */
  pageSize = 50_000;
  /** Jobs in 24 hours. */
  limit = 10_000;
  /** The next job fails with this message. */
  failNext: string | undefined;
  readonly jobs = new Map<string, Job>();

  constructor(private readonly org: Org, private readonly clock: SimulatedClock) {}

  used(): number {
    return [...this.jobs.values()].filter(({ createdAt }) => createdAt > this.clock.now() - DAY).length;
  }

  /** @param path below the version, e.g. `/jobs/query/750…/results`. @throws SalesforceApiError */
  answer(method: string, path: string, query: URLSearchParams, body: string, version: string, reader: Reader): BulkAnswer {
    const [, id, results] = PATH.exec(path) ?? (() => { throw notFound(); })();
    if (id === undefined) {
      if (method === 'POST') return json(this.view(this.create(body, version, reader)));
      return json({ done: true, nextRecordsUrl: null, records: [...this.jobs.values()].map((job) => this.view(job)) });
    }
    const job = this.jobs.get(id);
    if (job === undefined || job.createdAt + SEVEN_DAYS < this.clock.now()) throw notFound();
    if (method === 'DELETE') { this.jobs.delete(id); return { status: 204, body: '' }; }
    if (method === 'PATCH') { job.state = 'Aborted'; return json(this.view(job)); }
    if (results !== undefined) return this.results(job, query, version);
    if ((job.state === 'UploadComplete' || job.state === 'InProgress') && ++job.polls >= this.pollsUntilDone) this.finish(job);
    else if (job.state === 'UploadComplete') job.state = 'InProgress';
    return json(this.view(job));
  }

  private create(body: string, version: string, reader: Reader): Job {
    let input: { operation?: string; query?: string };
    try {
      input = JSON.parse(body) as typeof input;
    } catch {
      throw new SalesforceApiError(400, 'JSON_PARSER_ERROR', 'Unexpected character in the request body');
    }
    if (this.used() >= this.limit) throw new SalesforceApiError(400, 'LIMIT_EXCEEDED', 'Exceeded maximum number of query jobs for a 24 hour period');
    const { operation = 'query', query: soql = '' } = input;
    if (operation !== 'query' && operation !== 'queryAll') throw new SalesforceApiError(400, 'INVALIDJOB', `Unsupported operation: ${operation}`);
    const query = parseSoql(soql);
    if (query.count || query.offset > 0) throw new SalesforceApiError(400, 'API_ERROR', 'Aggregate functions and OFFSET are not supported in Bulk Query');
    const { object, fields } = runQuery(this.org, reader, { ...query, limit: 0 }, false);
    if (object.name.endsWith('Share') || object.name === 'UserLogin') throw new SalesforceApiError(400, 'INVALIDENTITY', `Entity '${object.name}' is not supported by the Bulk API.`);
    if (fields.some(({ type }) => type === 'address')) throw new SalesforceApiError(400, 'FUNCTIONALITY_NOT_ENABLED', 'Selecting compound data not supported in Bulk Query');
    const job: Job = {
      id: `750${String(this.jobs.size + 1).padStart(12, '0')}AAA`, operation, query: soql, object: object.name, version, reader, createdAt: this.clock.now(), state: 'UploadComplete', polls: 0, result: undefined,
    };
    this.jobs.set(job.id, job);
    if (this.pollsUntilDone <= 0) this.finish(job);
    return job;
  }

  private finish(job: Job): void {
    if (this.failNext !== undefined) {
      job.state = 'Failed';
      job.error = this.failNext;
      this.failNext = undefined;
      return;
    }
    job.result = runQuery(this.org, job.reader, parseSoql(job.query), job.operation === 'queryAll');
    job.state = 'JobComplete';
  }

  private results(job: Job, query: URLSearchParams, version: string): BulkAnswer {
    if (version !== job.version) throw new SalesforceApiError(409, 'VERSION_MISMATCH', `The job was created with API version ${job.version}. Use the same version for its results.`);
    if (job.result === undefined) throw new SalesforceApiError(412, 'JOB_NOT_COMPLETE', 'The query job is not complete.');
    const { records, fields } = job.result;
    const locator = query.get('locator');
    const from = locator === null ? 0 : Number(Buffer.from(locator, 'base64url').toString());
    if (!(from >= 0 && from <= records.length)) throw new SalesforceApiError(400, 'INVALID_LOCATOR', 'The locator is invalid.');
    const to = Math.min(records.length, from + Math.min(this.pageSize, Number(query.get('maxRecords') ?? Infinity)));
    const lines = [fields.map(({ name }) => quote(name)), ...records.slice(from, to).map((record) => fields.map(({ name, type }) => quote(inCsv(record[name], type))))].map((cells) => `${cells.join(',')}\n`);
    return {
      status: 200, body: lines.join(''),
      // The end is the word null, not an absent header.
      headers: { 'content-type': 'text/csv', 'sforce-locator': to < records.length ? Buffer.from(String(to)).toString('base64url') : 'null', 'sforce-numberofrecords': String(to - from) },
    };
  }

  private view({ id, operation, object, state, createdAt, version, result, error }: Job): Record<string, unknown> {
    return {
      id, operation, object, state, createdById: '005000000000001AAA', createdDate: toDateTime(createdAt), systemModstamp: toDateTime(createdAt), concurrencyMode: 'Parallel', contentType: 'CSV', apiVersion: Number(version.slice(1)),
      jobType: 'V2Query', lineEnding: 'LF', columnDelimiter: 'COMMA', ...result !== undefined && { numberRecordsProcessed: result.records.length }, ...error !== undefined && { errorMessage: error },
    };
  }
}

const json = (value: unknown): BulkAnswer => ({ status: 200, body: JSON.stringify(value) });

/** Bulk spells times and numbers in another way than queries do. */
function inCsv(value: unknown, type: SalesforceFieldType): unknown {
  if (type === 'datetime') return typeof value === 'string' ? value.replace('+0000', 'Z') : value;
  return typeof value === 'number' && Number.isInteger(value) && type !== 'int' ? `${value}.0` : value;
}

/** Every cell is quoted; nothing stands for null. */
const quote = (value: unknown): string => value === null || value === undefined ? '""' : `"${(value as string | number | boolean).toString().replaceAll('"', '""')}"`;
