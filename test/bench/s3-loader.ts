import { randomUUID } from 'node:crypto';
import { measureCpu, type CpuSeconds } from './measure/cpu.js';
import { recordTopic } from '#contracts';
import { createSource, PREFIX, withStack, type BenchStack } from './measure/bench-stack.js';
import { copyLimit } from './measure/copy-limit.js';
import { fetchDebezium, startDebezium } from './measure/debezium.js';
import { pythonOf, startPeer } from './measure/python.js';
import { scaled, type BenchContext, type BenchResult } from './measure/report.js';
import { plainMessages, recordMessages, schemaMessages } from './measure/shop-rows.js';
import { createTopic, fill } from './measure/topics.js';
import { watchGrowth } from './measure/until.js';

const ROWS = 400_000;
/** Peers are measured with a quarter of the rows: only their rate counts. */
const PEER_ROWS = 100_000;
const TOPIC = recordTopic(PREFIX, 'stripe', 'customers', 'object');
const LOADER = 'warehouse-loader';

interface Measured { readonly name: string; readonly perSecond: number; /** µs of a row */ readonly own: number; readonly postgres: number }

async function watched(stack: BenchStack, name: string, rows: number, everyMs: number, pids: Readonly<Record<string, number | undefined>>, count: () => Promise<number>): Promise<Measured> {
  let cpu: (() => CpuSeconds) | undefined;
  const started = (): void => { cpu = measureCpu({ ...pids, postgres: stack.infrastructure.supervisor.pid('postgres') }); };
  const growth = await watchGrowth(`rows that ${name} has loaded`, rows, { everyMs, timeoutMs: 600_000, started }, count);
  const used = cpu?.() ?? {};
  return { name, perSecond: growth.perSecond, own: 1e6 * (used['own'] ?? Number.NaN) / growth.count, postgres: 1e6 * (used['postgres'] ?? Number.NaN) / growth.count };
}

/** The loader on a topic that is full already, from its first commit on. */
async function ours(stack: BenchStack, rows: number, sourceId: string): Promise<Measured[]> {
  const loaded = async (): Promise<number> => Number((await stack.sql.query<{ done: string }>('select coalesce(sum(next_offset), 0) as done from _cloud_sources.offsets where topic = $1', [TOPIC])).rows[0]?.done);
  const workspaceId = randomUUID();
  const results: Measured[] = [];
  for (const [pass, name] of ['insert', 'update with the version guard'].entries()) {
    await fill(stack.kafka, TOPIC, recordMessages(rows, pass + 1, sourceId, workspaceId));
    if (pass === 0) await stack.startServices([LOADER]); else await stack.infrastructure.supervisor.resume(LOADER);
    const own = stack.infrastructure.supervisor.pid(LOADER);
    results.push(await watched(stack, `warehouse-loader: ${name}`, rows, 20, { own }, async () => (await loaded()) - pass * rows));
    await stack.end(LOADER);
  }
  const { rows: [check] } = await stack.sql.query<{ rows: string; newest: string }>('select count(*) as rows, count(*) filter (where _version = 2) as newest from bench.customers');
  if (Number(check?.rows) !== rows || Number(check?.newest) !== rows) throw new Error(`The table holds ${check?.rows} rows, ${check?.newest} of them in the newest version, instead of ${rows}.`);
  return results;
}

async function copied(stack: BenchStack, name: string, rows: number, encoded: boolean): Promise<Measured> {
  const cpu = stack.cpu();
  const { perSecond, cpuSeconds } = await copyLimit(stack.infrastructure.warehouseUrl, rows, encoded);
  return { name, perSecond, own: 1e6 * cpuSeconds / rows, postgres: 1e6 * (cpu()['postgres'] ?? Number.NaN) / rows };
}

const countIn = ({ sql }: BenchStack, table: string) => async (): Promise<number> =>
  Number((await sql.query<{ count: string }>(`select count(*) from ${table}`).catch(() => ({ rows: [{ count: '0' }] }))).rows[0]?.count);

async function quixstreams(stack: BenchStack, rows: number, context: BenchContext): Promise<Measured | undefined> {
  const python = await pythonOf('quixstreams', context);
  if (python === undefined) return undefined;
  await stack.sql.query('create schema bench_quix');
  const peer = await startPeer(python, 'quixstreams_sink', { BENCH_BROKERS: stack.infrastructure.kafkaBrokers.join(), BENCH_TOPIC: 'bench.plain', BENCH_DATABASE_URL: stack.infrastructure.warehouseUrl });
  const failed = peer.result.then(() => { throw new Error('Quix Streams ended by itself.'); });
  try {
    return await Promise.race([watched(stack, 'quixstreams 3.28.1, upsert', rows, 100, { own: peer.pid }, countIn(stack, 'bench_quix.quix_customers')), failed]);
  } finally {
    failed.catch(() => undefined);
    await peer.stop();
  }
}

async function dlt(stack: BenchStack, rows: number, context: BenchContext): Promise<Measured | undefined> {
  const python = await pythonOf('dlt', context);
  if (python === undefined) return undefined;
  const cpu = stack.cpu();
  const peer = await startPeer(python, 'dlt_topic', { BENCH_BROKERS: stack.infrastructure.kafkaBrokers.join(), BENCH_TOPIC: 'bench.plain', BENCH_DATABASE_URL: stack.infrastructure.warehouseUrl, BENCH_COUNT: String(rows) });
  const { seconds = Number.NaN, cpu: own = Number.NaN } = await peer.result;
  const loaded = await countIn(stack, 'bench_dlt.customers')();
  if (loaded !== rows) throw new Error(`dlt loaded ${loaded} of ${rows} rows.`);
  return { name: 'dlt 1.31.0, merge by upsert, CSV', perSecond: rows / seconds, own: 1e6 * own / rows, postgres: 1e6 * (cpu()['postgres'] ?? Number.NaN) / rows };
}

async function debezium(stack: BenchStack, rows: number, context: BenchContext): Promise<Measured | undefined> {
  if (!context.debezium || !(await fetchDebezium(context))) return undefined;
  await createTopic(stack.kafka, 'bench.schema', 1);
  await fill(stack.kafka, 'bench.schema', schemaMessages(rows, 1));
  const connect = await startDebezium(stack, context.java ?? 'java', 'bench.schema');
  try {
    return await watched(stack, 'Debezium JDBC sink 3.5.0, upsert by UNNEST', rows, 200, { own: connect.pid }, countIn(stack, 'bench_debezium'));
  } finally {
    await connect.stop();
  }
}

/** A peer that fails is no reason to lose the others' figures. */
async function tried(name: string, context: BenchContext, work: () => Promise<Measured | undefined>): Promise<Measured | undefined> {
  context.say(`S3: ${name}`);
  try { return await work(); } catch (error) { context.say(`${name} couldn't be measured: ${(error as Error).message}`); return undefined; }
}

/** S3: a topic into a table, insert and then newer versions, beside COPY and other loaders. */
export async function s3(context: BenchContext): Promise<BenchResult> {
  const [rows, peerRows] = [scaled(ROWS, context), scaled(PEER_ROWS, context)];
  context.say(`S3: ${rows} records into a table, twice`);
  return withStack(context, { services: ['gateway'], customers: 1 }, async (stack) => {
    const { sourceId } = await createSource(stack, ['customers']);
    await stack.end('gateway');
    const [insert, update] = await ours(stack, rows, sourceId) as [Measured, Measured];
    context.say('S3: COPY');
    const copy = await copied(stack, 'text COPY, table with a primary key', rows, false);
    const encoded = await copied(stack, 'the same, rows encoded beforehand', rows, true);
    const peers: (Measured | undefined)[] = [];
    if (context.peers) {
      await createTopic(stack.kafka, 'bench.plain', 1);
      await fill(stack.kafka, 'bench.plain', plainMessages(peerRows, 1));
      peers.push(await tried('quixstreams', context, () => quixstreams(stack, peerRows, context)), await tried('dlt', context, () => dlt(stack, peerRows, context)), await tried('Debezium', context, () => debezium(stack, peerRows, context)));
    }
    const measured = [insert, update, copy, encoded, ...peers.filter((peer) => peer !== undefined)];
    const percent = ({ perSecond }: Measured): string => `${(100 * perSecond / copy.perSecond).toFixed(0)} %`;
    const best = peers.flatMap((peer) => (peer !== undefined && Number.isFinite(peer.perSecond) ? [peer] : [])).sort((a, b) => b.perSecond - a.perSecond)[0];
    return {
      title: `S3  loader: ${rows} records of about 350 bytes, 13 columns, from a topic into a table (peers: ${peerRows})`, columns: ['', 'rows/s', 'of COPY', 'own CPU µs/row', 'PostgreSQL µs/row'],
      rows: measured.map((one) => [one.name, one.perSecond, percent(one), one.own, one.postgres]),
      notes: [
        `Insert ${percent(insert)} of COPY (reach: 80 %), update ${percent(update)} (reach: 55 %)${best === undefined ? '' : `; ${(insert.perSecond / best.perSecond).toFixed(1)} times the fastest peer, ${best.name} (reach: 3)`}.`,
        "Rates count from the first commit on, dlt's from the call to its end. Ours adds six columns (versions, times) and an index on received_at. COPY encodes rows that are in memory.",
      ],
      figures: {
        insertPerSecond: insert.perSecond, updatePerSecond: update.perSecond, copyPerSecond: copy.perSecond, encodedCopyPerSecond: encoded.perSecond, insertOfCopy: insert.perSecond / copy.perSecond, updateOfCopy: update.perSecond / copy.perSecond,
        ...Object.fromEntries(peers.flatMap((peer) => (peer === undefined ? [] : [[`peer.${peer.name.split(' ')[0]?.toLowerCase()}`, peer.perSecond]]))),
      },
    };
  });
}
