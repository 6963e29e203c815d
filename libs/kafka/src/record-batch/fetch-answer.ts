import type { FetchedMessage, FetchedPartition } from '../aborted-transactions.js';

/** A partition's part of a fetch, as kafkajs goes on with it. */
export interface PartitionAnswer extends FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly lastStartOffset?: string;
  readonly preferredReadReplica?: number;
}

export interface FetchAnswer {
  readonly throttleTime: number;
  readonly clientSideThrottleTime?: number;
  readonly errorCode?: number;
  readonly sessionId?: number;
  readonly responses: readonly { readonly topicName: string; readonly partitions: readonly PartitionAnswer[] }[];
}

/** Reads the bytes of a partition's messages. */
export type ReadMessages = (bytes: Buffer) => Promise<readonly FetchedMessage[]>;

/** The versions of the answer that know transactions, as far as kafkajs speaks them. */
export const FETCH_VERSIONS = [4, 5, 6, 7, 8, 9, 10, 11] as const;

/** The answer to a Fetch request, versions 4 to 11, without the partitions that bring nothing. Source: Kafka's protocol guide, Fetch API. */
export async function decodeFetch(bytes: Buffer, version: number, read: ReadMessages): Promise<FetchAnswer> {
  let at = 0;
  const int16 = (): number => bytes.readInt16BE((at += 2) - 2);
  const int32 = (): number => bytes.readInt32BE((at += 4) - 4);
  const int64 = (): string => bytes.readBigInt64BE((at += 8) - 8).toString();
  const text = (): string => { const length = int16(); return bytes.toString('utf8', at, at += length); };
  const throttle = int32();
  // From version 8 on the client waits by itself.
  const head = { ...(version >= 8 ? { throttleTime: 0, clientSideThrottleTime: throttle } : { throttleTime: throttle }), ...(version >= 7 && { errorCode: int16(), sessionId: int32() }) };
  const responses = [];
  for (let topics = int32(); topics > 0; topics--) {
    const topicName = text();
    const partitions: PartitionAnswer[] = [];
    for (let left = int32(); left > 0; left--) {
      const lead = { partition: int32(), errorCode: int16(), highWatermark: int64(), lastStableOffset: int64(), ...(version >= 5 && { lastStartOffset: int64() }) };
      const abortedTransactions = [];
      for (let aborted = int32(); aborted > 0; aborted--) abortedTransactions.push({ producerId: int64(), firstOffset: int64() });
      const replica: { readonly preferredReadReplica?: number } = version >= 11 ? { preferredReadReplica: int32() } : {};
      const size = int32();
      // kafkajs would make a batch of it and a heartbeat, for each of hundreds that had nothing to say.
      if (size <= 0 && lead.errorCode === 0 && (replica.preferredReadReplica ?? -1) === -1) continue;
      const whole = size > 0 && at + size <= bytes.length;
      partitions.push({ ...lead, abortedTransactions, ...replica, messages: whole ? await read(bytes.subarray(at, at + size)) : [] });
      if (whole) at += size;
    }
    if (partitions.length > 0) responses.push({ topicName, partitions });
  }
  return { ...head, responses };
}
