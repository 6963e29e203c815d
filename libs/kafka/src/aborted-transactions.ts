/** A partition's part of a fetch, as kafkajs decodes it. */
export interface FetchedPartition {
  abortedTransactions: readonly { readonly producerId: string; readonly firstOffset: string }[];
  readonly messages: readonly FetchedMessage[];
}

export interface FetchedMessage {
  readonly offset: string;
  readonly key: Buffer | null;
  /** Part of the protocol: kafkajs goes past it without showing it. */
  isControlRecord: boolean;
  readonly batchContext?: { readonly producerId: string; readonly inTransaction: boolean };
}

/** Version 0, type 0: the mark at the end of an aborted transaction. Source: Kafka's message format, control batches. */
const ABORT = Buffer.from([0, 0, 0, 0]);

/**
 * Marks what belongs to an aborted transaction as not to be shown. kafkajs 2.2.4 does this itself, but takes for granted that the
 * broker's list is ordered by first offset and begins at most one transaction a message. It is ordered by the end of the
 * transactions, so that records of a killed producer are shown when several of its transactions were open side by side.
 */
export function hideAborted(partition: FetchedPartition): void {
  if ((partition.abortedTransactions ?? []).length === 0) return;
  const begin = ({ firstOffset }: { readonly firstOffset: string }): bigint => BigInt(firstOffset);
  const waiting = [...partition.abortedTransactions].sort((a, b) => (begin(a) < begin(b) ? -1 : 1));
  const aborting = new Set<string>();
  for (const message of partition.messages) {
    for (let next = waiting[0]; next !== undefined && begin(next) <= BigInt(message.offset); next = waiting[0]) {
      aborting.add(next.producerId);
      waiting.shift();
    }
    const { producerId, inTransaction } = message.batchContext ?? { producerId: '', inTransaction: false };
    if (message.isControlRecord) {
      if (message.key !== null && ABORT.equals(message.key)) aborting.delete(producerId);
    } else if (inTransaction && aborting.has(producerId)) {
      message.isControlRecord = true;
    }
  }
  partition.abortedTransactions = [];
}
