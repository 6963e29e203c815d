export { clusterId, committedOffset, ensureTopics, topicRanges, type PartitionRange } from './admin.js';
export { BatchConsumer, type Batch, type BatchConsumerOptions, type BatchControl } from './batch-consumer.js';
export { createKafka, type KafkaLog, type KafkaSettings } from './client.js';
export { ControlTransport, type ControlRoute } from './control-transport.js';
export type { IncomingMessage, OutgoingMessage } from './message.js';
export { RecordProducer, type RecordProducerOptions } from './record-producer.js';
export { scanTopics } from './scan.js';
export { TransactionalProducer, type ConsumedTo } from './transactional-producer.js';
export type { Kafka } from 'kafkajs';
