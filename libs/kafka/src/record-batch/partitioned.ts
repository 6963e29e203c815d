import { partitionsOf } from '../lanes.js';
import type { OutgoingMessage } from '../message.js';
import { partitionOf } from './murmur2.js';

type Step = (result: Record<number, OutgoingMessage[]>, message: OutgoingMessage) => unknown;
/** Learns from our partitioner how many partitions the topic has. */
interface Probe extends OutgoingMessage { readonly learn: (partitions: number) => void }

const isProbe = (message: OutgoingMessage): message is Probe => 'learn' in message;

let turn = Math.floor(Math.random() * 0x10000);

function choose({ partition, lane, key }: OutgoingMessage, partitions: number): number {
  if (partition !== undefined) return partition;
  const { first, count } = lane === undefined ? { first: 0, count: partitions } : partitionsOf(lane, partitions);
  return first + (key === null ? turn++ % count : partitionOf(key, count));
}

/**
 * Messages of one topic that are grouped by partition in one pass. kafkajs 2.2.4 groups with `messages.reduce` and copies
 * the partition's list for every message, and its hash is made of big integers: a quarter of a large transaction's time.
 */
class Partitioned extends Array<OutgoingMessage> {
  /** Of the arrays that `filter` and the like make. */
  static override get [Symbol.species](): ArrayConstructor { return Array; }

  override reduce(step: unknown): never {
    let partitions = 0;
    const probe: Probe = { key: null, value: null, headers: {}, learn: (count) => { partitions = count; } };
    (step as Step)({}, probe);
    const groups: Record<number, OutgoingMessage[]> = {};
    for (const message of this) (groups[choose(message, partitions)] ??= []).push(message);
    return groups as never;
  }
}

export function partitioned(messages: readonly OutgoingMessage[]): OutgoingMessage[] {
  const made = new Partitioned(messages.length);
  for (let i = 0; i < messages.length; i++) made[i] = messages[i]!;
  return made;
}

/** For `kafka.producer`: the same partitions as Kafka's own clients choose. */
export const createPartitioner = () => ({ partitionMetadata, message }: { readonly partitionMetadata: readonly unknown[]; readonly message: unknown }): number => {
  const outgoing = message as OutgoingMessage;
  if (!isProbe(outgoing)) return choose(outgoing, partitionMetadata.length);
  outgoing.learn(partitionMetadata.length);
  return 0;
};
