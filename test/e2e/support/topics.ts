import { loadConnectors } from '#connectors';
import { DEFAULT_TOPIC_OPTIONS, attribute, readRawHeaders, recordTopic, topicDefinitions, topicNames } from '#contracts';
import { createKafka, scanTopics, type IncomingMessage, type Kafka } from '#kafka';
import { normalizeRaw } from '#normalization';

const silent = { debug: () => undefined, warn: () => undefined };

/** How often each thing was seen. */
type Counts = Map<string, number>;
const countUp = (counts: Counts, what: string): void => { counts.set(what, (counts.get(what) ?? 0) + 1); };

/** The topics of one stack, read as a read-committed consumer sees them. */
export class RunTopics {
  private constructor(private readonly kafka: Kafka, private readonly prefix: string, private readonly names: readonly string[]) {}

  static async of(brokers: readonly string[], prefix: string): Promise<RunTopics> {
    const connectors = (await loadConnectors()).map(({ declaration }) => declaration);
    const names = topicDefinitions(connectors, { ...DEFAULT_TOPIC_OPTIONS, prefix }).map(({ name }) => name);
    return new RunTopics(createKafka({ brokers, clientId: 'e2e' }, silent), prefix, names);
  }

  /** Everything on these topics; all of the stack's when none are named. */
  async read(onMessage: (message: IncomingMessage) => void, names: readonly string[] = this.names): Promise<number> {
    return scanTopics(this.kafka, names, onMessage);
  }

  /** What could not be processed, counted by service: each message once, however often it was buried. */
  async deadLetters(): Promise<Counts> {
    const counts: Counts = new Map();
    const seen = new Set<string>();
    const prefix = topicNames.deadLetter(this.prefix, '');
    await this.read(({ topic, headers }) => {
      const letter = `${topic} ${attribute(headers, 'id') ?? ''}`;
      if (!seen.has(letter)) countUp(counts, topic.slice(prefix.length));
      seen.add(letter);
    }, this.names.filter((name) => name.startsWith(prefix)));
    return counts;
  }

  /** Messages that the normaliser must have made of what is on the raw topic, and those that it made: `<topic> <ce_id>`, counted. */
  async normalised(): Promise<{ readonly expected: Counts; readonly found: Counts }> {
    const connectors = new Map((await loadConnectors()).map((connector) => [connector.declaration.name, connector]));
    const [expected, found]: [Counts, Counts] = [new Map(), new Map()];
    const raw = [...connectors.keys()].map((name) => topicNames.raw(this.prefix, name));
    const records = this.names.filter((name) => name.startsWith(`${this.prefix}objects.`) || name.startsWith(`${this.prefix}events.`));
    await this.read(({ headers, value }) => {
      const meta = readRawHeaders(headers);
      const normalize = connectors.get(meta.connector)?.normalize;
      if (normalize === undefined || value === null) throw new Error(`a raw record of ${meta.connector} that nobody can read`);
      for (const { collection, kind, headers: made } of normalizeRaw(normalize, meta, value).messages) {
        countUp(expected, `${recordTopic(this.prefix, meta.connector, collection, kind)} ${made['ce_id'] ?? ''}`);
      }
    }, raw);
    await this.read(({ topic, headers }) => countUp(found, `${topic} ${attribute(headers, 'id') ?? ''}`), records);
    return { expected, found };
  }

  /** Takes the stack's topics away. */
  async remove(): Promise<void> {
    const admin = this.kafka.admin();
    await admin.connect();
    try { await admin.deleteTopics({ topics: [...this.names], timeout: 30_000 }); } finally { await admin.disconnect(); }
  }
}
