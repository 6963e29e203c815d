import { createSource, withStack, type BenchStack } from './measure/bench-stack.js';
import { PER_SECOND, spread, watchFreshness } from './measure/freshness.js';
import { percentile, scaled, type BenchContext, type BenchResult } from './measure/report.js';
import { until } from './measure/until.js';

const SECONDS = 20;
const NOISY_SCHEMA = 'noisy';
/** Of the one source's events, in records a second: what is more waits in its topics. */
const TIMES = 100;
const ENV = { PARTNER_RATE_LIMITS: 'false' };

/** A second source whose first sync has a hundred times the records that the first one's events are. */
async function startNoise({ gateway, secrets, simulatorUrl }: BenchStack, warehouseId: string): Promise<void> {
  await gateway.post('sources', {
    name: 'Noisy', slug: NOISY_SCHEMA, connector: 'stripe', collections: ['customers'], warehouseId, intervalMinutes: 1440,
    startDate: new Date(Date.now() - 366 * 86_400_000).toISOString(), configuration: { apiKey: secrets.simulatorKey, baseUrl: simulatorUrl },
  });
}

const noisyRows = async ({ sql }: BenchStack): Promise<number> =>
  Number((await sql.query<{ count: string }>(`select count(*) from ${NOISY_SCHEMA}.customers`).catch(() => ({ rows: [{ count: '0' }] }))).rows[0]?.count);

/** S10: what a source with a hundred times the volume does to another one's freshness. */
export async function s10(context: BenchContext): Promise<BenchResult> {
  const seconds = scaled(SECONDS, context);
  const customers = PER_SECOND * TIMES * seconds;
  context.say(`S10: ${PER_SECOND} events a second for ${seconds} s, alone and beside a sync of ${customers} records`);
  return withStack(context, { services: ['gateway', 'scheduler', 'fetcher', 'webhook-gateway', 'normalizer', 'warehouse-loader'], env: ENV, customers }, async (stack) => {
    // Only events by webhook: its own first sync would be a neighbour, too.
    const { sourceId, warehouseId } = await createSource(stack, ['customer_events']);
    const watch = await watchFreshness(stack, sourceId);
    try {
      const alone = await watch.measure(seconds);
      await startNoise(stack, warehouseId);
      await until('the neighbour is loading', 60_000, 50, async () => (await noisyRows(stack)) > 0);
      const before = await noisyRows(stack);
      let after = 0;
      const began = performance.now();
      const beside = await watch.measure(seconds);
      after = await noisyRows(stack);
      const perSecond = 1000 * (after - before) / (performance.now() - began);
      const ratio = percentile(beside.inTable, 0.99) / percentile(alone.inTable, 0.99);
      const topicRatio = percentile(beside.onTopic, 0.99) / percentile(alone.onTopic, 0.99);
      return {
        title: `S10  a noisy neighbour: ${PER_SECOND} events a second of one source, alone and beside another source's sync`, columns: ['from before the POST until', 'p50 ms', 'p90 ms', 'p99 ms', 'most ms'],
        rows: [
          spread('on the event topic: alone', alone.onTopic), spread('on the event topic: beside the neighbour', beside.onTopic),
          spread('a row in the warehouse: alone', alone.inTable), spread('a row in the warehouse: beside the neighbour', beside.inTable),
        ],
        notes: [
          `p99 to the row ${ratio.toFixed(1)} times, to the topic ${topicRatio.toFixed(1)} times that alone (reach: at most 2).`,
          `The neighbour's rows came at ${Math.round(perSecond)} a second, ${Math.round(perSecond / PER_SECOND)} times the source's own${after >= customers ? '; its sync was over before the end: use a larger --scale' : ''}. Same connector, so same topics and partitions.`,
        ],
        figures: { topicP99Alone: percentile(alone.onTopic, 0.99), topicP99Beside: percentile(beside.onTopic, 0.99), tableP99Alone: percentile(alone.inTable, 0.99), tableP99Beside: percentile(beside.inTable, 0.99), ratio, topicRatio, neighbourPerSecond: perSecond },
      };
    } finally {
      await watch.close();
    }
  });
}
