import type { Notice } from '#contracts';
import type { KnownChange, KnownRecords } from '#persistence';
import type { PageMessage } from './worker-protocol.js';

/** A pass that showed all that the partner has of a collection. */
export interface FullPass {
  readonly ids: ReadonlySet<string>;
  /** When it began, on the partner's clock: what it doesn't show was gone then or later. */
  readonly from: number;
  /** When its last page was asked for. */
  readonly newest: number;
}

/** Collections with more records than this aren't compared. About 10 MB of memory for each that is. */
const MOST_IDS = 100_000;

/** A loss is doubted when it is more than this share of what was known, and more than a handful; losing everything always is. */
const DOUBTED_SHARE = 0.3;
const HANDFUL = 5;

interface Open { readonly ids: Set<string>; readonly from: number; newest: number; ended: boolean }

/**
 * The passes of this attempt, made of pages that are durable. One counts only when it began here, had every page here and came
 * to its end: what an earlier attempt read isn't known, and may have changed since.
 */
export class FullPasses {
  private readonly open = new Map<string, Open>();

  constructor(private readonly warn: (message: string) => void) {}

  take({ collection, pass, observedAt }: Pick<PageMessage, 'collection' | 'pass' | 'observedAt'>): void {
    if (pass === undefined) return void this.open.delete(collection);
    if (pass.begins) this.open.set(collection, { ids: new Set(), from: observedAt, newest: observedAt, ended: false });
    const open = this.open.get(collection);
    if (open === undefined) return;
    for (const id of pass.ids) open.ids.add(id);
    open.newest = Math.max(open.newest, observedAt);
    // A page behind the end: it was none.
    if (open.ended) this.open.delete(collection);
    open.ended = pass.ends;
    if (open.ids.size <= MOST_IDS) return;
    this.open.delete(collection);
    this.warn(`${collection} has more than ${MOST_IDS} records: passes aren't compared, and what is deleted at the partner isn't found.`);
  }

  /** Of a collection that was read without an error; undefined when that was no complete pass. */
  complete(collection: string): FullPass | undefined {
    const open = this.open.get(collection);
    this.open.delete(collection);
    return open?.ended === true ? open : undefined;
  }
}

export interface PassChange extends KnownChange {
  /** Version of the deletions: the pass's begin, but never below a version that a record had before. */
  readonly version: number;
}

/** What a complete pass says of what was known before it. */
export function comparePass(collection: string, { ids, from, newest }: FullPass, known: KnownRecords): PassChange {
  const [confirmed, fresh, back]: [string[], string[], string[]] = [[], [], []];
  for (const [id, missed] of known.ids) {
    if (!ids.has(id)) (missed ? confirmed : fresh).push(id);
    else if (missed) back.push(id);
  }
  const before = known.ids.size - confirmed.length;
  const doubt = fresh.length > 0 && (fresh.length === before || (fresh.length > HANDFUL && fresh.length > before * DOUBTED_SHARE));
  return {
    added: [...ids].filter((id) => !known.ids.has(id)), back, gone: doubt ? confirmed : [...confirmed, ...fresh], doubted: doubt ? fresh : [],
    version: Math.max(from, known.newest + 1), newest: Math.max(newest, known.newest),
    ...(doubt && { notice: gone(collection, fresh.length, before) }),
  };
}

const gone = (collection: string, lost: number, before: number): Notice => ({
  code: 'records_gone', collection, at: new Date().toISOString(),
  title: `${lost} of ${before} records of ${collection} are gone at the partner. They were not deleted here yet.`,
  remedy: 'Look at the partner whether they were deleted, and whether the credentials may still see all of them. What the next sync, or a re-sync of the collection, doesn\'t find either is then deleted here too.',
});
