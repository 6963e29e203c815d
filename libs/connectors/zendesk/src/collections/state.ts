import type { Checkpoint } from '#connector-kit';

/** Where an export goes on. Times in epoch seconds. */
export interface ExportState {
  /** Collections that the rows so far were read for; one more needs them all again. */
  readonly feeds: readonly string[];
  /** Cursor exports: the last cursor that Zendesk gave. */
  readonly cursor?: string;
  /** What to ask from: the time exports' `end_time`; for cursors, where to start when the cursor isn't taken any more. */
  readonly since: number;
}

/** Where a list goes on. Times in epoch seconds. */
export interface ListState {
  /** Everything until then was read. */
  readonly through?: number;
  /** A walk that isn't at its end: its window, what will have been read at its end by Zendesk's clock, and the next page by cursor or number. */
  readonly walk?: { readonly from: number; readonly until: number; readonly reached: number; readonly after: string };
}

const seconds = (value: unknown): number | undefined => (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined);

/** What a checkpoint says; anything that isn't ours is as if it weren't there. */
export function exportState(checkpoint: Checkpoint | undefined): ExportState | undefined {
  const { feeds, cursor, since } = checkpoint ?? {};
  const from = seconds(since);
  if (!Array.isArray(feeds) || from === undefined) return undefined;
  return { feeds: feeds.filter((feed) => typeof feed === 'string'), since: from, ...(typeof cursor === 'string' && cursor !== '' && { cursor }) };
}

export function listState(checkpoint: Checkpoint | undefined): ListState {
  const through = seconds(checkpoint?.['through']);
  const { from, until, reached, after } = (checkpoint?.['walk'] ?? {}) as Record<string, unknown>;
  const [start, end, known] = [seconds(from), seconds(until), seconds(reached)];
  return {
    ...(through !== undefined && { through }),
    ...(start !== undefined && end !== undefined && known !== undefined && typeof after === 'string' && { walk: { from: start, until: end, reached: known, after } }),
  };
}

export const toCheckpoint = (state: ExportState | ListState): Checkpoint => ({ ...state });
