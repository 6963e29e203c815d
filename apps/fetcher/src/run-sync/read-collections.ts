import { toErrorReport, type CollectionRunState, type ErrorReport } from '#contracts';
import { createRunScope, planReads, type Connector, type Page, type PartnerClient, type ReadPlan } from '#connector-kit';
import { EndlessPages } from './endless-pages.js';
import { traceOf } from './post-mortem.js';
import type { RunOutcome, WorkerInput } from './worker-protocol.js';

/** Where the pages and the news of the collections go. */
export interface ReadOutput {
  /** Resolves when the next page may come. */
  page(collection: string, page: Page): Promise<void>;
  collection(collection: string, state: CollectionRunState, told?: { readonly error?: ErrorReport; readonly fullPass?: boolean }): void;
  warn(message: string): void;
}

const DEFAULT_RESUME_MS = 60_000;

/** A collection is read when all readers that feed it are, and failed when one of them is. */
class Progress {
  private readonly open = new Map<string, { left: number; begun: boolean; fullPass: boolean; error: ErrorReport | undefined }>();

  constructor(plans: readonly ReadPlan[], { checkpoints, window }: Pick<WorkerInput, 'checkpoints' | 'window'>, private readonly tell: ReadOutput['collection']) {
    for (const { reader, feeds } of plans) for (const name of feeds) {
      // Without a checkpoint there is nothing to go on from: a reader begins at the beginning. A window may be empty.
      const fullPass = checkpoints[reader] === undefined && window === undefined;
      const entry = this.open.get(name);
      if (entry === undefined) { this.open.set(name, { left: 1, begun: false, fullPass, error: undefined }); continue; }
      entry.left += 1;
      entry.fullPass &&= fullPass;
    }
  }

  begin({ feeds }: ReadPlan): void {
    for (const name of feeds) {
      const entry = this.open.get(name);
      if (entry === undefined || entry.begun) continue;
      entry.begun = true;
      this.tell(name, 'running', { fullPass: entry.fullPass });
    }
  }

  end({ feeds }: ReadPlan, error?: ErrorReport): void {
    for (const name of feeds) {
      const entry = this.open.get(name);
      if (entry === undefined) continue;
      entry.error ??= error;
      entry.left -= 1;
      if (entry.left === 0) { this.open.delete(name); this.tell(name, entry.error === undefined ? 'succeeded' : 'failed', entry.error === undefined ? {} : { error: entry.error }); }
    }
  }

  /** The run ends here: the collections of this reader get the state, those never begun are skipped. */
  quit({ feeds }: ReadPlan, state: 'failed' | 'deferred', error: ErrorReport): void {
    for (const [name, { begun }] of this.open) {
      if (feeds.includes(name) || begun) this.tell(name, state, { error });
      else if (state !== 'deferred') this.tell(name, 'skipped');
    }
  }
}

/** Reads every planned collection, one after the other, and says how the run ended. Never throws. */
export async function readCollections(connector: Connector, input: WorkerInput, http: PartnerClient, signal: AbortSignal, output: ReadOutput): Promise<RunOutcome> {
  const selected = new Set(input.selected);
  const plans = planReads(connector, selected, new Set(input.done));
  const progress = new Progress(plans, input, (collection, state, told) => output.collection(collection, state, told));
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
        ...(input.window !== undefined && { window: input.window }),
        selected, run, signal, now: () => http.now(), warn: (message) => output.warn(`${reader}: ${message}`),
      });
      const endless = new EndlessPages(reader);
      for await (const page of pages) {
        endless.check(page);
        await output.page(reader, page);
      }
      progress.end(plan);
      if (feeds.length > 0) succeeded += 1;
    } catch (thrown) {
      const error = toErrorReport(thrown);
      switch (error.code) {
        case 'authentication_failed': case 'configuration_invalid':
          progress.quit(plan, 'failed', error);
          return { state: 'failed', error };
        case 'rate_limited': case 'budget_exhausted':
          progress.quit(plan, 'deferred', error);
          return { state: 'deferred', error, resumeInMs: error.retryAfterMs ?? DEFAULT_RESUME_MS };
        case 'internal': case 'hung': case 'out_of_memory':
          // Its collections end with the run, once support knows of it.
          return { state: 'killed', error, trace: traceOf(thrown, reader) };
        default:
          progress.end(plan, error);
          if (feeds.length > 0) firstError ??= error;
      }
    }
  }
  if (firstError === undefined) return { state: 'succeeded' };
  return { state: succeeded > 0 ? 'partial' : 'failed', error: firstError };
}
