import { createHash } from 'node:crypto';
import type { RecordState } from './topic-ids.js';

/** One collection in the three places. `difference` is the number of records that aren't the same everywhere. */
export interface CollectionVerdict {
  readonly collection: string;
  readonly kind: 'object' | 'event';
  /** Undefined when the partner could not be asked; `note` then says why. */
  readonly partner: number | undefined;
  readonly topic: number;
  readonly warehouse: number;
  readonly difference: number;
  /** Checksums of the ids that aren't deleted, whatever their order; equal ones mean the same ids. */
  readonly ids: Checksums;
  /** Checksums of ids with their versions and deletions; the partner tells no versions. */
  readonly versions: Omit<Checksums, 'partner'>;
  /** A few of the records that differ. */
  readonly examples: readonly { readonly id: string; readonly problem: Problem }[];
  readonly note?: string;
}

interface Checksums { readonly partner?: string; readonly topic: string; readonly warehouse: string }

type Problem = 'not in the topic' | 'not at the partner' | 'not in the warehouse' | 'only in the warehouse' | 'another version in the warehouse' | 'deleted in one place only';

/** A verdict with all that it counts. */
export interface Comparison extends CollectionVerdict { readonly problems: ReadonlyMap<string, Problem> }

const EXAMPLES = 10;

export interface Places {
  readonly collection: string;
  readonly kind: 'object' | 'event';
  /** What the partner had all the time while we looked, and what it had at any time. */
  readonly partnerAlways: ReadonlySet<string> | undefined;
  readonly partnerEver: ReadonlySet<string> | undefined;
  readonly topic: ReadonlyMap<string, RecordState>;
  readonly warehouse: ReadonlyMap<string, RecordState>;
  /** Events outlive the partner's memory of them, so only a missing one is a difference. */
  readonly note?: string;
}

/** The sum of the lines' hashes, 64 bits: the same for the same lines in any order. */
function checksum(lines: Iterable<string>): string {
  let sum = 0n;
  for (const line of lines) sum += createHash('sha256').update(line).digest().readBigUInt64BE(0);
  return BigInt.asUintN(64, sum).toString(16).padStart(16, '0');
}

function* liveIds(states: ReadonlyMap<string, RecordState>): Iterable<string> { for (const [id, { deleted }] of states) if (!deleted) yield id; }

function* versionLines(states: ReadonlyMap<string, RecordState>): Iterable<string> { for (const [id, { version, deleted }] of states) yield JSON.stringify([id, String(version), deleted]); }

/** @param standing only what was a problem before still is one; undefined: everything */
export function compare({ collection, kind, partnerAlways, partnerEver, topic, warehouse, note }: Places, standing?: Comparison): Comparison {
  const problems = new Map<string, Problem>();
  const live = (states: ReadonlyMap<string, RecordState>): number => [...states.values()].filter(({ deleted }) => !deleted).length;
  for (const id of partnerAlways ?? []) if (topic.get(id)?.deleted !== false) problems.set(id, 'not in the topic');
  if (kind === 'object' && partnerEver !== undefined) for (const [id, { deleted }] of topic) if (!deleted && !partnerEver.has(id)) problems.set(id, 'not at the partner');
  for (const [id, state] of topic) {
    const row = warehouse.get(id);
    if (row === undefined) problems.set(id, 'not in the warehouse');
    else if (row.deleted !== state.deleted) problems.set(id, 'deleted in one place only');
    else if (row.version !== state.version) problems.set(id, 'another version in the warehouse');
  }
  for (const id of warehouse.keys()) if (!topic.has(id)) problems.set(id, 'only in the warehouse');
  if (standing !== undefined) for (const id of problems.keys()) if (!standing.problems.has(id)) problems.delete(id);
  return {
    collection, kind, problems,
    ids: { ...(partnerEver !== undefined && { partner: checksum(partnerEver) }), topic: checksum(liveIds(topic)), warehouse: checksum(liveIds(warehouse)) },
    versions: { topic: checksum(versionLines(topic)), warehouse: checksum(versionLines(warehouse)) },
    partner: partnerEver?.size, topic: live(topic), warehouse: live(warehouse), difference: problems.size,
    examples: [...problems].slice(0, EXAMPLES).map(([id, problem]) => ({ id, problem })),
    ...(note !== undefined && { note }),
  };
}
