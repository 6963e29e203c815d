import type { OutgoingMessage } from '../message.js';
import { batchBytes, writeBatch } from './encode.js';

/** A produce request as kafkajs's broker is asked for it. */
export interface ProduceRequest {
  readonly acks: number;
  /** ms */
  readonly timeout: number;
  readonly transactionalId?: string | null;
  readonly producerId?: unknown;
  readonly producerEpoch?: number;
  readonly topicData: readonly { readonly topic: string; readonly partitions: readonly { readonly partition: number; readonly firstSequence?: number; readonly messages: readonly OutgoingMessage[] }[] }[];
}

/**
 * The body of a Produce request, versions 3 to 7, without compression: transactional id, acks, timeout, then by topic and
 * partition one batch each. Source: Kafka's protocol guide, Produce API.
 */
export function encodeProduce({ acks, timeout, transactionalId, producerId, producerEpoch, topicData }: ProduceRequest, now: number): Buffer {
  const transactional = transactionalId !== undefined && transactionalId !== null;
  // kafkajs's default is an object of its own around a bigint.
  const id = producerId === undefined ? -1n : BigInt(String(producerId));
  const head = { producerId: id, producerEpoch: producerEpoch ?? 0, transactional };
  const chunks: Buffer[] = [];
  const idBytes = transactional ? Buffer.from(transactionalId) : Buffer.alloc(0);
  const start = Buffer.allocUnsafe(2 + idBytes.length + 10);
  start.writeInt16BE(transactional ? idBytes.length : -1, 0);
  idBytes.copy(start, 2);
  start.writeInt16BE(acks, 2 + idBytes.length);
  start.writeInt32BE(timeout, 4 + idBytes.length);
  start.writeInt32BE(topicData.length, 8 + idBytes.length);
  chunks.push(start);
  for (const { topic, partitions } of topicData) {
    const name = Buffer.from(topic);
    const lead = Buffer.allocUnsafe(2 + name.length + 4);
    lead.writeInt16BE(name.length, 0);
    name.copy(lead, 2);
    lead.writeInt32BE(partitions.length, 2 + name.length);
    chunks.push(lead);
    for (const { partition, firstSequence, messages } of partitions) {
      const bytes = batchBytes(messages, now);
      const batch = Buffer.allocUnsafeSlow(8 + bytes);
      batch.writeInt32BE(partition, 0);
      batch.writeInt32BE(bytes, 4);
      writeBatch(batch, 8, messages, { ...head, firstSequence: firstSequence ?? 0 }, now);
      chunks.push(batch);
    }
  }
  return Buffer.concat(chunks);
}
