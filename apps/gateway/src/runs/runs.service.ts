import { Injectable } from '@nestjs/common';
import { RunRequestRepository, type CollectionRunEntity, type KeptCall, type KeptLine, type RunAttempt, type RunEntity, type RunRequest } from '#persistence';
import { GatewayConfig } from '../gateway.config.js';
import { Problem, notFound } from '../http/problem.js';
import { SourceTester } from '../sources/source-tester.js';
import { SourcesService, inError } from '../sources/sources.service.js';
import { RawRetention } from './raw-retention.js';
import { readExtent, readReplay, type AskedExtent } from './extent.js';

/** Sync now is refused when it is repeated within this time. */
const MIN_GAP_MS = 60_000;
const CALLS = 2_000;

export interface RunDetail { readonly run: RunEntity; readonly collections: readonly CollectionRunEntity[]; readonly calls: readonly KeptCall[]; readonly attempts: readonly RunAttempt[]; readonly changesSince: ReadonlyMap<string, Date> }

@Injectable()
export class RunsService {
  constructor(private readonly runs: RunRequestRepository, private readonly sources: SourcesService, private readonly tester: SourceTester, private readonly retention: RawRetention, private readonly config: GatewayConfig) {}

  /** Sync now. @throws Problem 429 within the minute and when the day's quota is used up, 409 while one runs or when the source can't run */
  async request(workspaceId: string, sourceId: string): Promise<RunEntity> {
    return taken(await this.runs.request(workspaceId, sourceId, MIN_GAP_MS, this.config.syncsPerDay));
  }

  /** Reads collections anew. @throws Problem 400 for what can't be read like that, 409 while a run is under way or when the source can't run */
  async resync(workspaceId: string, sourceId: string, asked: AskedExtent): Promise<RunEntity> {
    const { source, collections } = await this.sources.get(workspaceId, sourceId);
    const extent = readExtent((await this.tester.connectorOf(source)).declaration, collections.map(({ collection }) => collection), source.startDate, asked, Date.now());
    return taken(await this.runs.again(workspaceId, sourceId, 'resync', extent));
  }

  /** What a replay can bring. @throws Problem 503 while Kafka is away */
  async retainedFrom(workspaceId: string, sourceId: string): Promise<Date> {
    return this.retention.since((await this.sources.get(workspaceId, sourceId)).source);
  }

  /** Normalises again what is retained. @throws Problem 400 for what can't be replayed, 409 while a run is under way, 503 while Kafka is away */
  async replay(workspaceId: string, sourceId: string, asked: Omit<AskedExtent, 'to'>): Promise<{ readonly run: RunEntity; readonly retainedFrom: Date }> {
    const { source, collections } = await this.sources.get(workspaceId, sourceId);
    const extent = readReplay((await this.tester.connectorOf(source)).declaration, collections.map(({ collection }) => collection), asked, Date.now());
    const retainedFrom = await this.retention.since(source);
    return { run: taken(await this.runs.again(workspaceId, sourceId, 'replay', extent)), retainedFrom };
  }

  async list(workspaceId: string, sourceId: string, limit: number, before: string | undefined): Promise<RunEntity[]> {
    await this.sources.get(workspaceId, sourceId);
    return this.runs.list(workspaceId, sourceId, limit, before);
  }

  async get(workspaceId: string, runId: string): Promise<RunDetail> {
    const run = await this.runs.get(workspaceId, runId);
    if (run === undefined) throw notFound('run');
    const [collections, calls, attempts, changesSince] = await Promise.all([this.runs.collections(runId), this.runs.calls(runId, CALLS), this.runs.attempts(runId), this.runs.changesSince(run)]);
    return { run, collections, calls, attempts, changesSince };
  }

  async log(workspaceId: string, runId: string): Promise<KeptLine[]> {
    if (await this.runs.get(workspaceId, runId) === undefined) throw notFound('run');
    return this.runs.log(runId);
  }

  /** A run that is over stays as it is. */
  async cancel(workspaceId: string, runId: string): Promise<RunEntity> {
    const run = await this.runs.cancel(workspaceId, runId);
    if (run === undefined) throw notFound('run');
    return run;
  }
}

function taken(answer: RunRequest): RunEntity {
  if ('run' in answer) return answer.run;
  switch (answer.refused) {
    case 'not_found': throw notFound('source');
    case 'too_soon': {
      const seconds = Math.ceil(answer.retryAfterMs / 1000);
      throw new Problem({ status: 429, code: 'too_many_requests', title: `A sync was asked for less than a minute ago.`, remedy: `Ask again in ${seconds} s.`, retryAfterSeconds: seconds });
    }
    case 'quota': throw new Problem({
      status: 429, code: 'sync_quota_used_up', title: `The plan's ${answer.quota} syncs of today are used up for this source.`,
      remedy: 'Wait for the workspace\'s next midnight, or ask the operator for more syncs a day.', retryAfterSeconds: Math.ceil(answer.retryAfterMs / 1000),
    });
    case 'active': throw new Problem({ status: 409, code: 'run_active', title: 'A run of this source is under way or waiting.', remedy: `Watch it (GET /api/v1/runs/${answer.runId}) or cancel it first.` });
    case 'state': throw answer.state === 'error' ? inError() : new Problem({ status: 409, code: 'source_paused', title: 'The source is paused.', remedy: 'Resume it first (POST /api/v1/sources/{id}/resume).' });
  }
}
