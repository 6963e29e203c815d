import { Kafka, logLevel } from 'kafkajs';

interface ObjectRecord { id: string; version: string; deleted: boolean; data: Record<string, unknown> }

const { KAFKA_BROKERS = 'localhost:9092', TOPIC = 'cs.objects.stripe.customers', GROUP = 'my-team' } = process.env;
const kafka = new Kafka({ brokers: KAFKA_BROKERS.split(','), clientId: GROUP, logLevel: logLevel.ERROR });

// kafkajs reads committed messages only, unless it is told otherwise.
const consumer = kafka.consumer({ groupId: GROUP });
const newest = new Map<string, bigint>();

await consumer.connect();
await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
await consumer.run({
  eachMessage: async ({ message }) => {
    const key = message.key?.toString() ?? '';
    if (message.value === null) { newest.delete(key); return; } // purged
    const record = JSON.parse(message.value.toString()) as ObjectRecord;
    const version = BigInt(record.version);
    if ((newest.get(key) ?? -1n) > version) return; // an older state that came late
    newest.set(key, version);
    console.log(JSON.stringify({ id: record.id, version: record.version, deleted: record.deleted, type: message.headers?.['ce_type']?.toString() }));
  },
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { void consumer.disconnect().then(() => process.exit(0)); });
