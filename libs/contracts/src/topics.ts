/**
 * Every topic of the product, in one place. Their number grows with the catalog (connectors and their collections),
 * never with tenants or sources.
 */
export interface TopicDefinition {
  readonly name: string;
  readonly partitions: number;
  /** Broker-side topic configuration, as `kafka-configs` spells it. */
  readonly config: Readonly<Record<string, string>>;
}

export interface TopicOptions {
  /** Put before every name, e.g. `cs.`. */
  readonly prefix: string;
  readonly rawPartitions: number;
  readonly recordPartitions: number;
  /** How long raw pages are kept, in ms: the window in which a replay needs no API call. */
  readonly rawRetentionMs: number;
  /** How long event records stay on their topics, in ms. */
  readonly eventRetentionMs: number;
}

const DAY_MS = 86_400_000;

export const DEFAULT_TOPIC_OPTIONS: TopicOptions = {
  prefix: 'cs.',
  rawPartitions: 6,
  recordPartitions: 3,
  rawRetentionMs: 30 * DAY_MS,
  eventRetentionMs: 30 * DAY_MS,
};

/** The largest message that any topic takes, in bytes: one partner record of 10 MB with its headers still fits. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Raw pages above this many bytes are split at record boundaries before they are sent. */
export const RAW_SPLIT_BYTES = 900_000;

export const topicNames = {
  raw: (prefix: string, connector: string): string => `${prefix}raw.${connector}`,
  objects: (prefix: string, connector: string, collection: string): string => `${prefix}objects.${connector}.${collection}`,
  events: (prefix: string, connector: string, collection: string): string => `${prefix}events.${connector}.${collection}`,
  /** What every topic of events begins with. */
  allEvents: (prefix: string): string => `${prefix}events.`,
  replay: (prefix: string, connector: string): string => `${prefix}replay.${connector}`,
  syncCommands: (prefix: string, connector: string): string => `${prefix}sync.commands.${connector}`,
  syncEvents: (prefix: string): string => `${prefix}sync.events`,
  deadLetter: (prefix: string, service: string): string => `${prefix}dead-letter.${service}`,
} as const;

/** Names of the consumer groups whose positions others look at. */
export const groupNames = {
  normalizer: (prefix: string): string => `${prefix}normalizer`,
  /** Also the loader's name in the warehouse's offsets. */
  loader: (prefix: string, warehouseId: string): string => `${prefix}warehouse-loader-${warehouseId}`,
} as const;

/** The services that have a dead-letter topic. */
export const DEAD_LETTER_SERVICES = ['normalizer', 'warehouse-loader', 'fetcher', 'webhook-gateway', 'event-forwarder'] as const;

/** What a connector contributes to the list of topics. */
export interface ConnectorTopics {
  readonly name: string;
  readonly collections: readonly { readonly name: string; readonly kind: 'object' | 'event' }[];
  /** The one topic of all object collections that are found in accounts (custom objects): `ce_collection` tells them apart. */
  readonly discovered?: { readonly topic: string };
}

/**
 * The topic that a normalised record of this collection belongs on.
 * @param collection of a found one the name of the topic that they all share
 */
export function recordTopic(prefix: string, connector: string, collection: string, kind: 'object' | 'event'): string {
  return kind === 'object' ? topicNames.objects(prefix, connector, collection) : topicNames.events(prefix, connector, collection);
}

/**
 * All topics for these connectors, ready to be created.
 * `objects.*` are compacted (current state per key); everything else is kept by time.
 */
export function topicDefinitions(connectors: readonly ConnectorTopics[], options: TopicOptions = DEFAULT_TOPIC_OPTIONS): TopicDefinition[] {
  const { prefix } = options;
  // As the producer sent it: no broker has work with it, and nobody who reads it either.
  const big = { 'max.message.bytes': String(MAX_MESSAGE_BYTES), 'compression.type': 'producer' };
  const byTime = (ms: number) => ({ ...big, 'cleanup.policy': 'delete', 'retention.ms': String(ms) });
  const definitions: TopicDefinition[] = [
    { name: topicNames.syncEvents(prefix), partitions: 1, config: byTime(7 * DAY_MS) },
    ...DEAD_LETTER_SERVICES.map((service) => ({ name: topicNames.deadLetter(prefix, service), partitions: 1, config: byTime(options.rawRetentionMs) })),
  ];
  // What traits and audiences found; see model.ts.
  for (const collection of ['audience_changes', 'trait_changes']) definitions.push({ name: topicNames.events(prefix, 'warehouse', collection), partitions: options.recordPartitions, config: byTime(options.eventRetentionMs) });
  for (const connector of connectors) {
    definitions.push({ name: topicNames.raw(prefix, connector.name), partitions: options.rawPartitions, config: byTime(options.rawRetentionMs) });
    // Copies on their way to the normaliser: what they were made of is kept on the raw topic.
    definitions.push({ name: topicNames.replay(prefix, connector.name), partitions: options.recordPartitions, config: byTime(DAY_MS) });
    definitions.push({ name: topicNames.syncCommands(prefix, connector.name), partitions: options.recordPartitions, config: byTime(DAY_MS) });
    const { discovered } = connector;
    for (const { name, kind } of [...connector.collections, ...discovered === undefined ? [] : [{ name: discovered.topic, kind: 'object' as const }]]) {
      definitions.push({
        name: recordTopic(prefix, connector.name, name, kind),
        partitions: options.recordPartitions,
        config: kind === 'object' ? { ...big, 'cleanup.policy': 'compact' } : byTime(options.eventRetentionMs),
      });
    }
  }
  return definitions;
}
