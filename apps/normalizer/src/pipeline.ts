import { setImmediate as immediate, setTimeout as sleep } from 'node:timers/promises';
import { attribute, deadLetterHeaders, readRawHeaders, type RawRecordMeta } from '#contracts';
import type { Connector } from '#connector-kit';
import type { Batch, BatchControl, IncomingMessage, OutgoingMessage, TransactionalProducer } from '#kafka';
import { normalizeRaw, type Normalized } from '#normalization';
import { deadLetter, ok, pipeline, type Result } from '#pipeline';

/** What the pipeline needs of the outside. */
export interface NormalizerPorts {
  readonly groupId: string;
  readonly transactionRecords: number;
  readonly connector: (name: string) => Connector | undefined;
  readonly recordTopic: (connector: Connector, collection: string, kind: 'object' | 'event') => string;
  readonly deadLetterTopic: string;
  /** The partition's transactional producer: initialised anew, and thereby fencing, once per assignment. */
  readonly open: (topic: string, partition: number) => Promise<TransactionalProducer>;
  /** The offset that the last transaction of the partition committed, decimal. */
  readonly committed: (topic: string, partition: number) => Promise<string | undefined>;
  readonly count: {
    received(records: number): void;
    sent(records: number): void;
    deadLettered(reason: string): void;
  };
  readonly now: () => Date;
}

type Output = Map<string, OutgoingMessage[]>;
interface Decoded { readonly meta: RawRecordMeta; readonly body: Buffer }
interface Resolved extends Decoded { readonly connector: Connector }
interface Split { readonly meta: RawRecordMeta; readonly connector: Connector; readonly normalized: Normalized }

const MAX_TRANSACTION_BYTES = 16 * 1024 * 1024;
/** While pages of a sync keep coming, a partition's batches begin at least so far apart: more of them share a transaction. The first after a pause goes at once, and so do webhooks. */
const PACE_MS = 25;
/** Longest work without a pause: a webhook's transaction takes five answers of the broker, and would wait as often for all pages of a fetch. */
const SLICE_MS = 3;

/**
 * The whole service: raw pages and webhook bodies become objects and events, exactly once.
 *
 *     decode → resolve → normalize → split → emit
 *
 * Bad data leaves as a dead letter in the same transaction; a broken broker is thrown and replayed.
 */
export class NormalizerPipeline {
  private readonly owned = new Map<string, { generation: number; producer: TransactionalProducer }>();

  private readonly steps = pipeline<IncomingMessage>()
    .pipe(decode)
    .pipe((decoded) => this.resolve(decoded))
    .pipe(normalize);

  constructor(private readonly ports: NormalizerPorts) {}

  /** One batch of one raw partition. */
  async handle(batch: Batch, control: BatchControl): Promise<void> {
    const begin = performance.now();
    await this.transact(batch, control);
    const rest = begin + PACE_MS - performance.now();
    if (rest > 1 && attribute(batch.messages.at(-1)?.headers, 'component') === 'sync') await sleep(rest);
  }

  /** In as many transactions as the batch's size asks for. */
  private async transact(batch: Batch, control: BatchControl): Promise<void> {
    const producer = await this.own(batch, control);
    if (producer === undefined) return;
    const { messages } = batch;
    let output: Output = new Map();
    let records = 0;
    let bytes = 0;
    let slice = performance.now();
    for (const [index, message] of messages.entries()) {
      if (performance.now() - slice > SLICE_MS) { await immediate(); slice = performance.now(); }
      const sent = this.split(message, output);
      records += sent;
      bytes += message.value?.length ?? 0;
      const last = index === messages.length - 1;
      if (!last && records < this.ports.transactionRecords && bytes < MAX_TRANSACTION_BYTES) continue;
      if (!batch.isOwned()) return;
      const offset = (BigInt(message.offset) + 1n).toString();
      await producer.commit(output, { groupId: this.ports.groupId, topic: batch.topic, partition: batch.partition, offset });
      batch.resolve(offset);
      this.ports.count.sent(records);
      output = new Map();
      records = bytes = 0;
    }
  }

  /** The process stops: nothing is in hand any more. */
  async close(): Promise<void> {
    await Promise.all([...this.owned.values()].map(({ producer }) => producer.disconnect().catch(() => undefined)));
  }

  /**
   * First the fence, then the committed offset: what the previous owner still had open is aborted before we look where it
   * stopped. Undefined when the position was moved and the batch must be fetched again.
   */
  private async own({ topic, partition, generation, messages }: Batch, control: BatchControl): Promise<TransactionalProducer | undefined> {
    const key = `${topic}/${partition}`;
    const known = this.owned.get(key);
    if (known?.generation === generation) return known.producer;
    await known?.producer.disconnect();
    const producer = await this.ports.open(topic, partition);
    this.owned.set(key, { generation, producer });
    const committed = await this.ports.committed(topic, partition);
    const first = messages[0]?.offset;
    if (committed === undefined || first === undefined || BigInt(committed) <= BigInt(first)) return producer;
    control.seek(topic, partition, committed);
    return undefined;
  }

  private resolve(decoded: Decoded): Result<Resolved> {
    const connector = this.ports.connector(decoded.meta.connector);
    return connector === undefined ? deadLetter('unknown_connector', `this normaliser has no connector ${decoded.meta.connector}`) : ok({ ...decoded, connector });
  }

  /** Adds the message's records and dead letters to the transaction; the number of records. */
  private split(message: IncomingMessage, output: Output): number {
    this.ports.count.received(1);
    const result = this.steps.run(message);
    if (result.outcome === 'drop') return 0;
    if (result.outcome === 'dead-letter') {
      this.bury(message, result, message.value, undefined, undefined, output);
      return 0;
    }
    const { meta, connector, normalized } = result.value;
    let topic = '';
    let shared: object | undefined;
    for (const record of normalized.messages) {
      // The same shared headers, the same topic.
      if (record.shared !== shared) ({ shared } = record, topic = this.ports.recordTopic(connector, record.collection, record.kind));
      add(output, topic, record);
    }
    for (const failure of normalized.failures) this.bury(message, failure, failure.bytes, meta, failure.index, output);
    return normalized.messages.length;
  }

  private bury(
    message: IncomingMessage, why: { reason: string; message: string }, bytes: Buffer | null, meta: RawRecordMeta | undefined, recordIndex: number | undefined, output: Output,
  ): void {
    const { topic, partition, offset, key } = message;
    const headers: Record<string, string | Buffer> = deadLetterHeaders({
      service: 'normalizer', reason: why.reason, message: why.message, topic, partition, offset,
      ...(recordIndex !== undefined && { recordIndex }),
      ...(meta !== undefined ? { workspaceId: meta.workspaceId, sourceId: meta.sourceId, connector: meta.connector, collection: meta.collection } : originOf(message)),
    }, this.ports.now());
    for (const [name, value] of Object.entries(message.headers)) if (value !== undefined && !Array.isArray(value)) headers[`original_${name}`] = value;
    add(output, this.ports.deadLetterTopic, { key, value: bytes, headers });
    this.ports.count.deadLettered(why.reason);
  }
}

/** What the headers tell of where the message comes from, so that its people see the letter. */
function originOf({ headers }: IncomingMessage): Partial<Pick<RawRecordMeta, 'workspaceId' | 'sourceId' | 'connector' | 'collection'>> {
  const [workspaceId, sourceId, connector, collection] = ['workspaceid', 'sourceid', 'connector', 'collection'].map((name) => attribute(headers, name));
  return {
    ...(workspaceId !== undefined && { workspaceId }), ...(sourceId !== undefined && { sourceId }), ...(connector !== undefined && { connector }), ...(collection !== undefined && { collection }),
  };
}

function decode(message: IncomingMessage): Result<Decoded> {
  if (message.value === null) return deadLetter('no_body', 'a raw record without a body');
  try {
    return ok({ meta: readRawHeaders(message.headers), body: message.value });
  } catch (error) {
    return deadLetter('bad_headers', (error as Error).message);
  }
}

function normalize({ meta, body, connector }: Resolved): Result<Split> {
  return ok({ meta, connector, normalized: normalizeRaw(connector.normalize, meta, body) });
}

function add(output: Output, topic: string, message: OutgoingMessage): void {
  const messages = output.get(topic);
  if (messages === undefined) output.set(topic, [message]); else messages.push(message);
}
