import type { Kafka } from 'kafkajs';

/** What kafkajs has inside and doesn't show: a connection that takes any request. */
interface Cluster {
  connect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  disconnect(): Promise<void>;
  findControllerBroker(): Promise<{ readonly connectionPool: { send<T>(request: object): Promise<T> } }>;
}

const METADATA = 3;
/** The first version that tells ids. Source: Kafka's protocol guide, Metadata; Kafka 2.8 and newer answer it. */
const VERSION = 10;
const NO_ID = '0'.repeat(32);

/**
 * Ids of topics by name: a topic that is deleted and made again has another one. kafkajs 2.2.4 speaks no version of the protocol
 * that tells them, so this one request is written here. Empty where the brokers don't know it; topics that don't exist are left out.
 */
export async function topicIds(kafka: Kafka, topics: readonly string[]): Promise<Map<string, string>> {
  const create = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === 'private:Kafka:createCluster');
  if (create === undefined || topics.length === 0) return new Map();
  const cluster = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[create]?.({ metadataMaxAge: 300_000 });
  if (cluster === undefined) return new Map();
  await cluster.connect();
  try {
    await cluster.refreshMetadata();
    const { connectionPool } = await cluster.findControllerBroker();
    return await connectionPool.send<Map<string, string>>({
      request: { apiKey: METADATA, apiVersion: VERSION, apiName: 'Metadata', encode: async () => { const bytes = encode(topics); return { buf: bytes, buffer: bytes }; } },
      response: { decode: async (raw: Buffer) => raw, parse: async (raw: Buffer) => decode(raw) },
      logResponseError: false,
    });
  } catch (error) {
    if (/unsupported|UNSUPPORTED_VERSION|closed connection/i.test(String(error))) return new Map();
    throw error;
  } finally {
    await cluster.disconnect();
  }
}

/** The request without its first header, whose last part (no tags) begins it. */
function encode(topics: readonly string[]): Buffer {
  const parts = [Buffer.from([0]), varint(topics.length + 1)];
  for (const topic of topics) parts.push(Buffer.alloc(16), varint(Buffer.byteLength(topic) + 1), Buffer.from(topic), Buffer.from([0]));
  return Buffer.concat([...parts, Buffer.from([0, 0, 0, 0])]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** The answer after its correlation id. */
function decode(raw: Buffer): Map<string, string> {
  let at = 0;
  const skip = (bytes: number): void => { at += bytes; };
  const length = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = raw.readUInt8(at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value - 1;
    }
  };
  const text = (): string => { const bytes = Math.max(0, length()); skip(bytes); return raw.toString('utf8', at - bytes, at); };
  const tags = (): void => { for (let left = length() + 1; left > 0; left--) { length(); skip(length() + 1); } };
  const each = (one: () => void): void => { for (let left = length(); left > 0; left--) one(); };
  tags();
  skip(4);
  each(() => { skip(4); text(); skip(4); text(); tags(); });
  text();
  skip(4);
  const ids = new Map<string, string>();
  each(() => {
    const error = raw.readInt16BE(at);
    skip(2);
    const name = text();
    const id = raw.toString('hex', at, at + 16);
    skip(17);
    each(() => { skip(14); each(() => skip(4)); each(() => skip(4)); each(() => skip(4)); tags(); });
    skip(4);
    tags();
    if (error === 0 && id !== NO_ID) ids.set(name, id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'));
  });
  return ids;
}
