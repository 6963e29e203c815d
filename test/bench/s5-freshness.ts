import { createSource, withStack } from './measure/bench-stack.js';
import { total, type CpuSeconds } from './measure/cpu.js';
import { PER_SECOND, POLL_MS, spread, watchFreshness } from './measure/freshness.js';
import { percentile, scaled, type BenchContext, type BenchResult } from './measure/report.js';

const SECONDS = 20;

/** S5: from the moment before a webhook is posted until its event is on the topic, and until its row is in the warehouse. */
export async function s5(context: BenchContext): Promise<BenchResult> {
  const seconds = scaled(SECONDS, context);
  context.say(`S5: ${PER_SECOND} events a second for ${seconds} s`);
  return withStack(context, { services: ['gateway', 'webhook-gateway', 'normalizer', 'warehouse-loader'], customers: 1 }, async (stack) => {
    const { sourceId } = await createSource(stack, ['customers', 'customer_events']);
    const watch = await watchFreshness(stack, sourceId);
    try {
      let cpu: (() => CpuSeconds) | undefined;
      let used: CpuSeconds = {};
      const { acknowledged, onTopic, inTable } = await watch.measure(seconds, { begin: () => { cpu = stack.cpu(); }, end: () => { used = cpu?.() ?? {}; } });
      const [topicP99, tableP99] = [percentile(onTopic, 0.99), percentile(inTable, 0.99)];
      return {
        title: `S5  freshness at ${PER_SECOND} events a second for ${seconds} s`, columns: ['from before the POST until', 'p50 ms', 'p90 ms', 'p99 ms', 'most ms'],
        rows: [spread('acknowledged', acknowledged), spread('on the event topic, committed', onTopic), spread('a row in the warehouse', inTable)],
        notes: [
          `Reach: p99 100 ms to the topic (${topicP99.toFixed(0)}), 2 s to the row (${tableP99.toFixed(0)}). One process measures by one clock; it looks at the table every ${POLL_MS} ms.`,
          `CPU meanwhile: ${Object.entries(used).map(([name, value]) => `${name} ${value.toFixed(1)}`).join(', ')}; ${(total(used) / seconds).toFixed(2)} of a second in each.`,
        ],
        figures: { topicP50: percentile(onTopic, 0.5), topicP99, tableP50: percentile(inTable, 0.5), tableP99, acknowledgedP99: percentile(acknowledged, 0.99) },
      };
    } finally {
      await watch.close();
    }
  });
}
