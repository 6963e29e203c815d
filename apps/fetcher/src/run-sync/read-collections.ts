import { toErrorReport, type CollectionRunState, type ErrorReport } from '#contracts';
import { createRunScope, planReads, type Connector, type Page, type PartnerClient, type ReadPlan } from '#connector-kit';
import type { RunOutcome, WorkerInput } from './worker-protocol.js';

/** Where the pages and the news of the collections go. */
export interface ReadOutput {
  /** Resolves when the next page may come. */
  page(collection: string, page: Page): Promise<void>;
  collection(collection: string, state: CollectionRunState, error?: ErrorReport): void;
  warn(message: string): void;
}

const DEFAULT_RESUME_MS = 60_000;

/** A collection is read when all readers that feed it are, and failed when one of them is. */
class Progress {
  private readonly open = new Map<string, { left: number; begun: boolean; error: ErrorReport | undefined }>();

  constructor(plans: readonly ReadPlan[], private readonly tell: ReadOutput['collection']) {
    for (const { feeds } of plans) for (const name of feeds) {
      const entry = this.open.get(name);
      if (entry === undefined) this.open.set(name, { left: 1, begun: false, error: undefined }); else entry.left += 1;
    }
  }

  begin({ feeds }: ReadPlan): void {
    for (const name of feeds) {
      const entry = this.open.get(name);
      if (entry === undefined || entry.begun) continue;
      entry.begun = true;
      this.tell(name, 'running');
    }
  }

  end({ feeds }: ReadPlan, error?: ErrorReport): void {
    for (const name of feeds) {
      const entry = this.open.get(name);
      if (entry === undefined) continue;
      entry.error ??= error;
      entry.left -= 1;
      if (entry.left === 0) { this.open.delete(name); this.tell(name, entry.error === undefined ? 'succeeded' : 'failed', entry.error); }
    }
  }

  /** The run ends here: the collections of this reader get the state, those never begun are skipped. */
  quit({ feeds }: ReadPlan, state: 'failed' | 'killed' | 'deferred', error: ErrorReport): void {
    for (const [name, { begun }] of this.open) {
      if (feeds.includes(name) || begun) this.tell(name, state, error);
      else if (state !== 'deferred') this.tell(name, 'skipped');
    }
  }
}

/** Reads every planned collection, one after the other, and says how the run ended. Never throws. */
export async function readCollections(connector: Connector, input: WorkerInput, http: PartnerClient, signal: AbortSignal, output: ReadOutput): Promise<RunOutcome> {
  const selected = new Set(input.selected);
  const plans = planReads(connector, selected, new Set(input.done));
  const progress = new Progress(plans, (collection, state, error) => output.collection(collection, state, error));
  const run = createRunScope();
  let succeeded = input.done.length;
  let firstError: ErrorReport | undefined;
  for (const plan of plans) {
    const { reader, feeds } = plan;
    const read = connector.readers[reader];
    if (read === undefined) continue;
    progress.begin(plan);
    try {
      const pages = read({
        http, credentials: input.credentials, checkpoint: input.checkpoints[reader], checkpoints: input.checkpoints, startDate: input.startDate,
        selected, run, signal, now: () => http.now(), warn: (message) => output.warn(`${reader}: ${message}`),
      });
      for await (const page of pages) await output.page(reader, page);
      progress.end(plan);
      if (feeds.length > 0) succeeded += 1;
    } catch (thrown) {
      const error = toErrorReport(thrown);
      // What isn't ours may quote anything: its name and place help, its message stays out.
      if (error.code === 'internal' && thrown instanceof Error) output.warn(`${reader}: ${thrown.name} at ${thrown.stack?.split('\n').find((line) => line.includes(' at '))?.trim() ?? 'an unknown place'}`);
      switch (error.code) {
        case 'authentication_failed': case 'configuration_invalid':
          progress.quit(plan, 'failed', error);
          return { state: 'failed', error };
        case 'rate_limited': case 'budget_exhausted':
          progress.quit(plan, 'deferred', error);
          return { state: 'deferred', error, resumeInMs: error.retryAfterMs ?? DEFAULT_RESUME_MS };
        case 'internal': case 'hung': case 'out_of_memory':
          progress.quit(plan, 'killed', error);
          return { state: 'killed', error };
        default:
          progress.end(plan, error);
          if (feeds.length > 0) firstError ??= error;
      }
    }
  }
  if (firstError === undefined) return { state: 'succeeded' };
  return { state: succeeded > 0 ? 'partial' : 'failed', error: firstError };
}
