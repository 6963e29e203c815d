import { Kafka, logLevel, type KafkaConfig as KafkaJsConfig, type LogEntry, type SASLOptions } from 'kafkajs';
import { installCodec } from './kafkajs-codec.js';

/** How to reach the brokers. */
export interface KafkaSettings {
  /** host:port */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl?: boolean;
  /** PEM of a private certificate authority. */
  readonly ca?: string;
  /** Longest wait for one answer of a broker, in ms; 30,000 by default. */
  readonly requestTimeoutMs?: number;
  /** kafkajs's own record batches instead of ours, in a process that compares them: what was aborted may be shown. */
  readonly codec?: 'kafkajs';
  readonly sasl?: { readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; readonly username: string; readonly password: string };
}

/** Where the client's own words go. */
export interface KafkaLog {
  debug(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
}

/** kafkajs calls retriable protocol answers (a moving leader, a rebalance) errors; to us they are daily life. */
const DAILY_LIFE = /rebalanc|not the leader|coordinator|CONCURRENT_TRANSACTIONS|leadership election|Response Heartbeat|Response GroupCoordinator|unknown member|restart|switched default partitioner|concurrent operation on the same transaction|Limiting retries for the idempotent/i;

function logCreator(log: KafkaLog) {
  return () => ({ level, namespace, log: entry }: LogEntry): void => {
    const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...fields } = entry;
    const text = `kafka: ${message}`;
    const words = `${message} ${String((fields as { error?: unknown }).error ?? '')}`;
    if (level <= logLevel.WARN && !DAILY_LIFE.test(words)) log.warn(text, { namespace, ...fields });
    else log.debug(text, { namespace, ...fields });
  };
}

/** Retry settings that keep a transaction's `CONCURRENT_TRANSACTIONS` from costing 300 ms each. */
export const QUICK_RETRY = { initialRetryTime: 20, maxRetryTime: 5_000, retries: 12 } as const;

/** A connection factory; nothing connects until a producer, consumer or admin does. */
export function createKafka(settings: KafkaSettings, log: KafkaLog): Kafka {
  if (settings.codec !== 'kafkajs') installCodec();
  const config: KafkaJsConfig = {
    clientId: settings.clientId,
    brokers: [...settings.brokers],
    connectionTimeout: 3_000,
    requestTimeout: settings.requestTimeoutMs ?? 30_000,
    retry: QUICK_RETRY,
    logLevel: logLevel.INFO,
    logCreator: logCreator(log),
    ...(settings.ssl === true && { ssl: settings.ca === undefined ? true : { ca: [settings.ca] } }),
    ...(settings.sasl !== undefined && { sasl: settings.sasl as SASLOptions }),
  };
  return new Kafka(config);
}
