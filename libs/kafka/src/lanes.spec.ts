import kafkajs from 'kafkajs';
import { describe, expect, it } from '@jest/globals';
import { laneAssigner, partitionsOf, type Lane } from './lanes.js';
import type { OutgoingMessage } from './message.js';
import { createPartitioner } from './record-batch/partitioned.js';

const PARTITIONS: Readonly<Record<string, number>> = { 'raw.a': 6, 'raw.b': 1, replay: 3 };
const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol;

/** Who takes what, by member, of a group in which each takes a lane. */
async function assigned(members: Readonly<Record<string, Lane>>): Promise<Record<string, Record<string, readonly number[]>>> {
  const cluster = { findTopicPartitionMetadata: (topic: string) => Array.from({ length: PARTITIONS[topic] ?? 0 }, (_, partitionId) => ({ partitionId })) };
  const assigner = (lane: Lane) => laneAssigner({ lane, topics: ['raw.a', 'raw.b'] })({ cluster: cluster as never, groupId: 'g', logger: undefined as never });
  const topics = Object.keys(PARTITIONS);
  const joined = Object.entries(members).map(([memberId, lane]) => ({ memberId, memberMetadata: assigner(lane).protocol({ topics }).metadata }));
  expect(joined.every(({ memberMetadata }) => MemberMetadata.decode(memberMetadata)?.topics.length === topics.length)).toBe(true);
  const answers = await assigner('bulk').assign({ members: joined, topics });
  return Object.fromEntries(answers.map(({ memberId, memberAssignment }) => [memberId, { ...MemberAssignment.decode(memberAssignment)?.assignment }]));
}

describe('lanes', () => {
  it('share the partitions of a topic; with one partition, both have it', () => {
    const shares = [1, 2, 3, 4, 6, 8, 24].map((partitions) => [partitionsOf('bulk', partitions), partitionsOf('urgent', partitions)].map(({ first, count }) => `${first}+${count}`));
    expect(shares).toEqual([['0+1', '0+1'], ['0+1', '1+1'], ['0+2', '2+1'], ['0+3', '3+1'], ['0+5', '5+1'], ['0+6', '6+2'], ['0+18', '18+6']]);
  });

  it('keep messages apart, all of one key in one partition', () => {
    const choose = createPartitioner();
    const chosen = (lane: Lane | undefined): Set<number> => new Set(Array.from({ length: 200 }, (_, n) => {
      const message: OutgoingMessage = { key: `key ${n % 50}`, value: '', headers: {}, ...lane !== undefined && { lane } };
      return choose({ partitionMetadata: Array.from({ length: 6 }), message });
    }));
    expect([...chosen('urgent')]).toEqual([5]);
    expect([...chosen('bulk')].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(chosen(undefined).size).toBe(6);
  });

  it('are taken by their members; replays by those for what is plenty', async () => {
    expect(await assigned({ a: 'urgent', b: 'bulk' })).toEqual({ a: { 'raw.a': [5], 'raw.b': [0] }, b: { 'raw.a': [0, 1, 2, 3, 4], replay: [0, 1, 2] } });
    expect(await assigned({ a: 'urgent', b: 'bulk', c: 'bulk', d: 'urgent' })).toEqual({ a: { 'raw.a': [5] }, b: { 'raw.a': [0, 2, 4], replay: [1] }, c: { 'raw.a': [1, 3], replay: [0, 2] }, d: { 'raw.b': [0] } });
  });

  it('are all taken by whoever is there', async () => {
    const all = { 'raw.a': [0, 1, 2, 3, 4, 5], 'raw.b': [0], replay: [0, 1, 2] };
    expect(await assigned({ a: 'urgent' })).toEqual({ a: all });
    expect(await assigned({ b: 'bulk' })).toEqual({ b: all });
  });
});
