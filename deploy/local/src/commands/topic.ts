import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'lossless-json';
import { loadConnectors } from '#connectors';
import { DEFAULT_TOPIC_OPTIONS, topicDefinitions } from '#contracts';
import { createKafka, scanTopics, topicRanges, type IncomingMessage, type Kafka } from '#kafka';
import { KafkaConfig, kafkaSettings, loadConfig } from '#platform';
import { Problem } from '../problem.js';
import { requireState, type StackState } from '../state.js';

const silent = { debug: () => {}, warn: () => {} };

/** `npm run topic -- <name> [-n 10]`: the newest records of a topic; without a name, the topics and what they hold. */
export async function topic(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], options: { n: { type: 'string', short: 'n', default: '5' } }, allowPositionals: true });
  const count = Number(values.n);
  if (!Number.isInteger(count) || count < 1) throw new Problem('-n must be a whole number above 0.');
  const state = requireState();
  const config = loadConfig(KafkaConfig, { ...process.env, KAFKA_BROKERS: state.kafkaBrokers.join(',') }, (path) => readFileSync(path, 'utf8'));
  const kafka = createKafka(kafkaSettings(config, 'npm-run-topic'), silent);
  const [name] = positionals;
  await (name === undefined ? list(kafka, state) : show(kafka, name, count));
}

async function list(kafka: Kafka, { topicPrefix: prefix }: StackState): Promise<void> {
  const definitions = topicDefinitions((await loadConnectors()).map(({ declaration }) => declaration), { ...DEFAULT_TOPIC_OPTIONS, prefix });
  const ranges = await topicRanges(kafka, definitions.map(({ name }) => name));
  for (const { name } of definitions.sort((a, b) => a.name.localeCompare(b.name))) {
    const offsets = (ranges.get(name) ?? []).reduce((sum, { low, high }) => sum + BigInt(high) - BigInt(low), 0n);
    process.stdout.write(`${String(offsets).padStart(10)}  ${name}\n`);
  }
  process.stdout.write('(offsets in use: records, and the marks of transactions)\n');
}

async function show(kafka: Kafka, name: string, count: number): Promise<void> {
  if (!(await topicRanges(kafka, [name])).has(name)) throw new Problem(`There is no topic ${name}. npm run topic lists them.`);
  const newest: IncomingMessage[] = [];
  const seen = await scanTopics(kafka, [name], (message) => {
    newest.push(message);
    if (newest.length <= count * 20) return;
    newest.sort(byTime).splice(0, newest.length - count);
  });
  for (const message of newest.sort(byTime).slice(-count)) process.stdout.write(`${describe(message)}\n\n`);
  process.stdout.write(`${Math.min(count, seen)} newest of ${seen} ${seen === 1 ? 'record' : 'records'} on ${name}\n`);
}

const byTime = (a: IncomingMessage, b: IncomingMessage): number => Number(a.timestamp) - Number(b.timestamp) || Number(a.offset) - Number(b.offset);

function describe({ partition, offset, timestamp, key, headers, value }: IncomingMessage): string {
  const lines = [`── ${new Date(Number(timestamp)).toISOString()}  partition ${partition}  offset ${offset}  key ${key?.toString() ?? '(none)'}`];
  for (const [header, content] of Object.entries(headers)) lines.push(`   ${header}: ${String(content)}`);
  lines.push(value === null ? '(tombstone)' : pretty(value.toString()));
  return lines.join('\n').replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

/** Only indented: numbers stay as they are on the topic. */
function pretty(text: string): string {
  try { return stringify(parse(text), null, 2) ?? text; } catch { return text; }
}
