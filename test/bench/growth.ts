import { createSource, SCHEMA, withStack } from './measure/bench-stack.js';
import { total, type CpuSeconds } from './measure/cpu.js';
import type { BenchContext, BenchResult } from './measure/report.js';
import { until } from './measure/until.js';
import { SERVICE_NAMES } from '../../deploy/local/src/services.js';

/** Records of one collection; those above `MOST × scale` are left out. */
const SIZES = [10_000, 30_000, 100_000, 300_000, 1_000_000, 5_000_000];
/** At scale 1, so that all of it takes minutes; `--scale 10` and more goes on to 5,000,000. */
const MOST = 300_000;
const TOPIC = 'cs.objects.stripe.customers';

interface Size { readonly records: number; readonly seconds: number; readonly cpu: CpuSeconds }

/** A first sync of that many customers into an empty warehouse, on a stack of its own. */
async function sync(context: BenchContext, records: number): Promise<Size> {
  context.say(`growth: ${records} records`);
  return withStack(context, { services: SERVICE_NAMES, env: { PARTNER_RATE_LIMITS: 'false' }, customers: records }, async (stack) => {
    const cpu = stack.cpu();
    const start = performance.now();
    await createSource(stack, ['customers']);
    await until(`${records} records are loaded`, 60_000 + records, 100, async () => {
      const { rows: [offsets] } = await stack.sql.query<{ done: string }>('select coalesce(sum(next_offset), 0) as done from _cloud_sources.offsets where topic = $1', [TOPIC]);
      if (Number(offsets?.done) < records) return false;
      const { rows: [table] } = await stack.sql.query<{ count: string }>(`select count(*) from ${SCHEMA}.customers`);
      return Number(table?.count) >= records;
    });
    return { records, seconds: (performance.now() - start) / 1000, cpu: cpu() };
  });
}

/** What one record costs as a collection grows: flat, from 10,000 records on. */
export async function growth(context: BenchContext): Promise<BenchResult> {
  const sizes: Size[] = [];
  for (const records of SIZES) if (records === SIZES[0] || records <= MOST * context.scale) sizes.push(await sync(context, records));
  const processes = [...SERVICE_NAMES, 'kafka', 'postgres'];
  const own = ({ cpu }: Size): number => processes.reduce((sum, name) => sum + (cpu[name] ?? 0), 0);
  const each = (size: Size, seconds: number): number => 1e6 * seconds / size.records;
  // What starting up costs is in the smallest: between two sizes it is gone.
  const between = sizes.slice(1).map((size, index) => {
    const before = sizes[index] as Size;
    return { records: size.records, cost: 1e6 * (own(size) - own(before)) / (size.records - before.records) };
  });
  const costs = between.map(({ cost }) => cost);
  const last = sizes.at(-1) as Size;
  return {
    title: 'Growth  what one record costs as its collection grows',
    columns: ['records', 'wall s', 'records/s', 'CPU µs/record', 'since the size before', ...processes.map((name) => `${name} µs`)],
    rows: sizes.map((size, index) => [
      size.records.toLocaleString('en-US'), size.seconds, size.records / size.seconds, each(size, own(size)), between[index - 1]?.cost ?? '–', ...processes.map((name) => each(size, size.cpu[name] ?? 0)),
    ]),
    notes: [
      'A first sync over HTTP into an empty warehouse, each on a stack of its own. Without the simulator and the bench itself.',
      '"Since the size before" is the cost of each record more: without the services\' start. Flat means that it doesn\'t grow from row to row.',
      ...(costs.length > 1 ? [`The last step costs ${((costs.at(-1) ?? Number.NaN) / (costs[0] ?? Number.NaN)).toFixed(2)} times the first.`] : []),
    ],
    figures: {
      ...Object.fromEntries(sizes.map((size) => [`cpuMicros.${size.records}`, each(size, own(size))])), ...Object.fromEntries(between.map(({ records, cost }) => [`stepMicros.${records}`, cost])),
      records: last.records, cpuSecondsOfLast: total(last.cpu),
    },
  };
}
