import { PartnerContractError, PartnerUnavailableError } from '#contracts';
import { sleep, type PartnerResponse } from '#connector-kit';
import { columnList, type Column, type Columns } from './columns.js';
import { csvRecords } from './csv.js';
import { API, errorCode, type Session } from './session.js';
import { soql, type Range } from './soql.js';
import { isObject, textOf } from './values.js';

/** A bulk job, and where its next page is. */
export interface BulkJob {
  readonly id: string;
  readonly locator?: string | undefined;
}

/** A job to read. */
interface StartedJob extends BulkJob {
  /** Started in this run: what becomes of it is news. */
  readonly ours: boolean;
}

/** A page of results as the records of a query. */
interface BulkPage {
  readonly response: PartnerResponse;
  readonly body: Buffer;
  readonly count: number;
  /** From which to go on; undefined behind the last page. */
  readonly job: BulkJob | undefined;
}

const FIRST_POLL_MS = 500;
/** A page is one message in memory: about 16 MB of JSON at 30 bytes a value. */
const VALUES_A_PAGE = 500_000;
const MOST_RECORDS = 50_000;

/** A job that reads the range; undefined when bulk can't read this object. */
export async function startJob(session: Session, columns: Columns, range: Range): Promise<BulkJob | undefined> {
  const query = soql(columnList(columns).map(({ name }) => name), range, false);
  const response = await session.send({
    path: `${API}/jobs/query`, method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ operation: 'queryAll', query, contentType: 'CSV', columnDelimiter: 'COMMA', lineEnding: 'LF' }),
  }, ['INVALIDENTITY', 'API_ERROR', 'FUNCTIONALITY_NOT_ENABLED', 'LIMIT_EXCEEDED']);
  if (errorCode(response) !== undefined) return undefined;
  const id = textOf(response.json<{ id?: unknown }>()?.id);
  if (id === undefined) throw new PartnerContractError(`Salesforce's answer to ${response.request} names no job.`);
  return { id };
}

/**
 * The pages of a job, once it is complete; none when there is no such job any more, or one of an earlier run failed.
 * @throws PartnerUnavailableError when a job of this run failed
 */
export async function* readJob(session: Session, columns: Columns, started: StartedJob, longestPollMs: number, signal: AbortSignal): AsyncGenerator<BulkPage> {
  if (!await complete(session, started, longestPollMs, signal)) return;
  const list = columnList(columns);
  const maxRecords = Math.min(MOST_RECORDS, Math.max(2_000, Math.floor(VALUES_A_PAGE / list.length)));
  const seen = new Set<string>();
  for (let { locator } = started; ;) {
    const response = await session.send({ path: `${API}/jobs/query/${started.id}/results`, endpoint: 'job results', query: { locator, maxRecords }, headers: { accept: 'text/csv' } });
    const header = response.headers['sforce-locator'];
    // The last page says so with the word null, or not at all.
    const next = typeof header === 'string' && header !== '' && header !== 'null' ? header : undefined;
    const records = csvRecords(response.body.toString('utf8'), response.request).map((record) => typed(record, list));
    const announced = Number(response.headers['sforce-numberofrecords'] ?? records.length);
    if (announced !== records.length) throw new PartnerContractError(`A page of bulk results has ${records.length} records in place of ${announced}.`);
    if (next !== undefined && (next === locator || seen.has(next))) throw new PartnerContractError('The results of a bulk job go in circles: a locator came again.');
    if (next !== undefined) seen.add(next);
    yield { response, body: Buffer.from(`{"records":[${records.join(',')}]}`), count: records.length, job: next === undefined ? undefined : { id: started.id, locator: next } };
    if (next === undefined) return forget(session, started.id);
    locator = next;
  }
}

/** A job that was read takes room of the org's for seven days. That it can't be deleted harms nothing. */
async function forget(session: Session, id: string): Promise<void> {
  await session.send({ path: `${API}/jobs/query/${id}`, endpoint: 'job', method: 'DELETE' }, ['NOT_FOUND', 'INVALIDJOBSTATE']).catch(() => undefined);
}

/** Waits for a job. False: there is none. */
async function complete(session: Session, { id, ours }: StartedJob, longestPollMs: number, signal: AbortSignal): Promise<boolean> {
  for (let wait = FIRST_POLL_MS; ; wait *= 2) {
    const response = await session.send({ path: `${API}/jobs/query/${id}`, endpoint: 'job state' }, ['NOT_FOUND']);
    if (errorCode(response) !== undefined) return false;
    const job = response.json();
    const state = isObject(job) ? textOf(job.state) : undefined;
    switch (state) {
      case 'JobComplete': return true;
      case 'UploadComplete': case 'InProgress': break;
      case 'Aborted': return false;
      case 'Failed':
        if (!ours) return false;
        throw new PartnerUnavailableError('Salesforce could not finish a bulk query.', { details: textOf(isObject(job) ? job.errorMessage : undefined) ?? 'no reason given' });
      default: throw new PartnerContractError(`Salesforce's answer to ${response.request} has no state of a job.`);
    }
    await sleep(Math.min(wait, longestPollMs), signal);
  }
}

/** A record as a query would have answered it: CSV has neither types nor null. Numbers keep their digits. */
function typed(record: Readonly<Record<string, string>>, columns: readonly Column[]): string {
  const fields = columns.map(({ name, type }) => {
    const text = record[name] ?? '';
    const value = text === '' ? 'null' : type === 'boolean' ? String(text === 'true') : type === 'number' && /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? text : JSON.stringify(text);
    return `${JSON.stringify(name)}:${value}`;
  });
  return `{${fields.join(',')}}`;
}
