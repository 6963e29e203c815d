import type { Checkpoint } from '#connector-kit';

/** A walk through a list, newest first, that may stop and go on. Times in epoch seconds. */
export interface Walk {
  readonly full: boolean;
  /** Nothing created before it is read. */
  readonly from: number;
  /** Stripe's clock when the first page was read: nothing created until then will be missed. Undefined before that. */
  readonly to?: number;
  /** Nothing created after it is read: set when `after` was deleted. */
  readonly until?: number;
  /** `starting_after`, and the `created` of that record, for when it is deleted in the meantime. */
  readonly after?: string;
  readonly afterCreated?: number;
  /** Records seen so far. */
  readonly count: number;
  /** What the walk reads is newer than the changes until here. */
  readonly eventsThrough?: number;
}

/** Where a resource's next run goes on. Times in epoch seconds. */
export interface ResourceState {
  /** Everything created until here was read once. */
  readonly through?: number;
  /** Every change until here was read. */
  readonly eventsThrough?: number;
  /** About how many records there are: decides whether a list is cheaper than single reads. */
  readonly size?: number;
  readonly walk?: Walk;
  /** Records that change by themselves at a known time: `[that second, first created, last created]`. */
  readonly pending?: readonly (readonly [number, number, number])[];
}

/** Where the event feed's next run goes on. */
export interface FeedState {
  /** Every event until here was read, for `families` and for the resources whose `eventsThrough` says so. */
  readonly eventsThrough?: number;
  /** Ids of the events of the last look-back, so that they aren't acted on twice. */
  readonly recent: readonly string[];
  /** Event collections that were selected. */
  readonly families: readonly string[];
}

const seconds = (value: unknown): number | undefined => (typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined);
const strings = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);
const keep = <T extends object>(object: T): T => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;

/** A checkpoint that can't be understood is none: the collection is read in full. */
export function resourceState(checkpoint: Checkpoint | undefined): ResourceState {
  const walk = checkpoint?.walk as Partial<Record<keyof Walk, unknown>> | undefined;
  const from = seconds(walk?.from);
  const pending = Array.isArray(checkpoint?.pending) ? checkpoint.pending.filter((group): group is [number, number, number] => Array.isArray(group) && group.length === 3 && group.every((one) => seconds(one) !== undefined)) : [];
  return keep({
    pending: pending.length === 0 ? undefined : pending,
    through: seconds(checkpoint?.through), eventsThrough: seconds(checkpoint?.eventsThrough), size: seconds(checkpoint?.size),
    walk: walk === undefined || from === undefined ? undefined : keep({
      full: walk.full === true, from, to: seconds(walk.to), until: seconds(walk.until), eventsThrough: seconds(walk.eventsThrough), count: seconds(walk.count) ?? 0,
      after: typeof walk.after === 'string' ? walk.after : undefined, afterCreated: seconds(walk.afterCreated),
    }),
  }) as ResourceState;
}

export function feedState(checkpoint: Checkpoint | undefined): FeedState {
  return keep({ eventsThrough: seconds(checkpoint?.eventsThrough), recent: strings(checkpoint?.recent), families: strings(checkpoint?.families) }) as FeedState;
}

export const toCheckpoint = (state: ResourceState | FeedState): Checkpoint => keep({ ...state, ...('pending' in state && state.pending?.length === 0 && { pending: undefined }) }) as unknown as Checkpoint;
