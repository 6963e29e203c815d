import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { compiled } from '../../deploy/local/src/project.js';
import { SERVICE_NAMES } from '../../deploy/local/src/services.js';
import { createSource, SCHEMA, SIMULATOR, withStack, type BenchStack } from './measure/bench-stack.js';
import { total, type CpuSeconds } from './measure/cpu.js';
import { pythonOf, startPeer } from './measure/python.js';
import { scaled, type BenchContext, type BenchResult } from './measure/report.js';
import { until } from './measure/until.js';
import { sum, summarise, top } from './profile/summary.js';

const CUSTOMERS = 100_000;
const TOPIC = 'cs.objects.stripe.customers';
/** The partner's courtesy rate would be what is measured. */
const ENV = { PARTNER_RATE_LIMITS: 'false' };

interface Timed { readonly seconds: number; readonly cpu: CpuSeconds; readonly from: number; readonly to: number }

/** From the request that makes the source until the table holds every row. */
async function ours(stack: BenchStack, customers: number): Promise<Timed> {
  const { sql } = stack;
  const cpu = stack.cpu();
  const [from, start] = [Date.now(), performance.now()];
  await createSource(stack, ['customers']);
  // counting the table costs the database time: it begins when the offsets say that it may be complete
  await until('all customers are loaded', 600_000, 50, async () =>
    Number((await sql.query<{ done: string }>('select coalesce(sum(next_offset), 0) as done from _cloud_sources.offsets where topic = $1', [TOPIC])).rows[0]?.done) >= customers
      && await rowsOf(stack, `${SCHEMA}.customers`) >= customers);
  return { seconds: (performance.now() - start) / 1000, cpu: cpu(), from, to: Date.now() };
}

const rowsOf = async ({ sql }: BenchStack, table: string): Promise<number> => Number((await sql.query<{ count: string }>(`select count(*) from ${table}`)).rows[0]?.count);

async function dlt(stack: BenchStack, customers: number, context: BenchContext): Promise<Timed | undefined> {
  const python = await pythonOf('dlt', context);
  if (python === undefined) return undefined;
  const cpu = stack.cpu();
  const start = performance.now();
  const peer = await startPeer(python, 'dlt_sync', { BENCH_API_URL: stack.simulatorUrl, BENCH_API_KEY: stack.secrets.simulatorKey, BENCH_DATABASE_URL: stack.infrastructure.warehouseUrl });
  const result = await peer.result;
  const seconds = (performance.now() - start) / 1000;
  const rows = await rowsOf(stack, 'dlt_sync.customers');
  if (rows !== customers) throw new Error(`dlt loaded ${rows} of ${customers} customers.`);
  return { seconds, cpu: { ...cpu(), dlt: result['cpu'] ?? Number.NaN }, from: 0, to: 0 };
}

/** A second pass, profiled: its wall time isn't reported. */
async function profiled(context: BenchContext, customers: number): Promise<string[]> {
  const profiles = { dir: '' };
  const preload = pathToFileURL(compiled('test', 'bench', 'profile', 'preload.js')).href;
  return withStack(context, { services: [], customers }, async (stack) => {
    profiles.dir = join(stack.dir, 'profiles');
    await stack.startServices(SERVICE_NAMES, { ...ENV, NODE_OPTIONS: `--import=${preload}`, CS_PROFILE_DIR: profiles.dir });
    const { from, to, cpu } = await ours(stack, customers);
    await stack.end(...SERVICE_NAMES);
    const lines = [`Where the CPU goes (a second, profiled pass; ${total(cpu).toFixed(1)} CPU s):`];
    const byService = [...summarise(profiles.dir, from, to)].sort(([, a], [, b]) => sum(b) - sum(a));
    for (const [service, times] of byService) {
      if (sum(times) < 0.2) continue;
      lines.push(`${service}, ${sum(times).toFixed(1)} s in JavaScript:`);
      for (const { place, seconds, share } of top(times, 12)) lines.push(`  ${share.toFixed(1).padStart(5)} %  ${seconds.toFixed(2).padStart(6)} s  ${place}`);
    }
    return lines;
  });
}

/** S1: a whole sync over HTTP through raw, normaliser and topic into PostgreSQL, beside dlt. */
export async function s1(context: BenchContext): Promise<BenchResult> {
  const customers = scaled(CUSTOMERS, context, 100);
  context.say(`S1: a sync of ${customers} customers`);
  const [mine, peer] = await withStack(context, { services: SERVICE_NAMES, env: ENV, customers }, async (stack) => {
    const first = await ours(stack, customers);
    await stack.end(...SERVICE_NAMES);
    context.say(`S1: took ${first.seconds.toFixed(1)} s; now dlt`);
    return [first, await dlt(stack, customers, context)] as const;
  });
  const names = [...SERVICE_NAMES, 'kafka', 'postgres', SIMULATOR, 'bench', 'dlt'];
  const cell = (timed: Timed | undefined, name: string): number | string => (timed === undefined ? '–' : timed.cpu[name] ?? 0);
  const share = (name: string): string => `${Math.round(100 * (mine.cpu[name] ?? 0) / total(mine.cpu))} %`;
  const without = (timed: Timed): number => total(timed.cpu) - (timed.cpu[SIMULATOR] ?? 0) - (timed.cpu['bench'] ?? 0);
  const rows: (string | number)[][] = [
    ['wall seconds', mine.seconds, '', peer?.seconds ?? '–'],
    ['rows a second', customers / mine.seconds, '', peer === undefined ? '–' : customers / peer.seconds],
    ...names.map((name) => [`CPU s ${name}`, cell(mine, name), name === 'dlt' ? '' : share(name), cell(peer, name)]),
    ['CPU s without simulator and bench', without(mine), '', peer === undefined ? '–' : without(peer)],
  ];
  const ratio = peer === undefined ? Number.NaN : peer.seconds / mine.seconds;
  const profile = context.profile ? await profiled(context, customers) : [];
  return {
    title: `S1  whole sync, ${customers} customers of about 600 bytes`, columns: ['', 'cloud-sources', 'share', 'dlt 1.31.0'], rows,
    notes: [
      ...(peer === undefined ? [] : [`${ratio.toFixed(2)} times as fast as dlt (reach: 5), with ${(without(mine) / without(peer)).toFixed(2)} times its CPU (reach: at most 1).`]),
      'From the request that makes the source until the table holds every row; dlt from its start until it ends.',
      ...profile,
    ],
    figures: {
      customers, seconds: mine.seconds, rowsPerSecond: customers / mine.seconds, cpuSeconds: without(mine),
      ...Object.fromEntries(Object.entries(mine.cpu).map(([name, value]) => [`cpu.${name}`, value])),
      ...(peer !== undefined && { dltSeconds: peer.seconds, dltCpuSeconds: without(peer), timesAsFastAsDlt: ratio, cpuOfDlt: without(mine) / without(peer) }),
    },
  };
}
