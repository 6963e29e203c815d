/**
 * S2's measure: a bare kafkajs loop. It consumes raw pages and produces, for each, the same number of records with the
 * same bytes as the normaliser makes (a sample of its output, again and again), in requests of the same size; without
 * parsing anything, with kafkajs as it comes. With `transactions` it does so exactly once, as the normaliser does.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createKafka } from '#kafka';

const { BROKERS = '', INPUT = '', SAMPLE = '', OUTPUT = '', GROUP = '', MODE = '' } = process.env;
const PER_PAGE = 100;
const PAGES_PER_REQUEST = 50;
const transactional = MODE === 'transactions';
const kafka = createKafka({ brokers: [BROKERS], clientId: GROUP, codec: 'kafkajs' }, { debug: () => {}, warn: (message) => console.error(message) });
interface Sample { readonly key: Buffer | null; readonly value: Buffer | null; readonly headers: Record<string, Buffer> }

async function readSample(): Promise<Sample[]> {
  const sample: Sample[] = [];
  const consumer = kafka.consumer({ groupId: `${GROUP}-sample` });
  await consumer.connect();
  await consumer.subscribe({ topics: [SAMPLE], fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message: { key, value, headers } }) => { if (sample.length < PER_PAGE) sample.push({ key, value, headers: headers as Record<string, Buffer> }); } });
  while (sample.length < PER_PAGE) await sleep(20);
  await consumer.disconnect();
  return sample;
}

const sample = await readSample();
const producers = new Map<number, ReturnType<typeof kafka.producer>>();
async function producerOf(partition: number): Promise<ReturnType<typeof kafka.producer>> {
  const slot = transactional ? partition : 0; // a transaction is one partition's
  let producer = producers.get(slot);
  if (producer === undefined) {
    producer = kafka.producer({ allowAutoTopicCreation: false, ...(transactional && { transactionalId: `${GROUP}-${slot}`, idempotent: true, maxInFlightRequests: 1 }) });
    producers.set(slot, producer);
    await producer.connect();
  }
  return producer;
}
if (!transactional) await producerOf(0);

const consumer = kafka.consumer({ groupId: GROUP, maxBytesPerPartition: 8 * 1024 * 1024, maxBytes: 32 * 1024 * 1024, maxWaitTimeInMs: 100 });
await consumer.connect();
await consumer.subscribe({ topics: [INPUT], fromBeginning: true });
await consumer.run({
  autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently: 6,
  eachBatch: async ({ batch: { topic, partition, messages }, resolveOffset, heartbeat }) => {
    const producer = await producerOf(partition);
    for (let at = 0; at < messages.length; at += PAGES_PER_REQUEST) {
      const pages = messages.slice(at, at + PAGES_PER_REQUEST);
      const last = pages.at(-1)?.offset ?? '0';
      const offset = (BigInt(last) + 1n).toString();
      const out = pages.flatMap(() => sample);
      if (transactional) {
        const transaction = await producer.transaction();
        await transaction.send({ topic: OUTPUT, acks: -1, messages: out });
        await transaction.sendOffsets({ consumerGroupId: GROUP, topics: [{ topic, partitions: [{ partition, offset }] }] });
        await transaction.commit();
      } else {
        await producer.send({ topic: OUTPUT, acks: -1, messages: out });
        await consumer.commitOffsets([{ topic, partition, offset }]);
      }
      resolveOffset(last);
      await heartbeat();
    }
  },
});
process.once('SIGTERM', () => process.exit(0));
