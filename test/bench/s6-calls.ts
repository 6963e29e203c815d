import { Client } from 'pg';
import { withStack, type BenchStack } from './measure/bench-stack.js';
import { COUNTED_PARTNERS } from './measure/counted-partners.js';
import { countCalls, type CountingProduct, type RunCalls } from './measure/partner-calls.js';
import type { BenchContext, BenchResult } from './measure/report.js';
import { salesforceDay } from './measure/salesforce-day.js';

const MOST_A_DAY = 350;

const sum = ({ collections }: RunCalls, of: 'needed' | 'ours' | 'partners'): number => collections.reduce((total, one) => total + one[of], 0);

async function counted<T>(stack: BenchStack, work: (product: CountingProduct & Pick<BenchStack, 'gateway'>) => Promise<T>): Promise<T> {
  const database = new Client({ connectionString: stack.infrastructure.databaseUrl });
  await database.connect();
  try {
    return await work({ gateway: stack.gateway, forgetSyncs: async () => { await database.query('update sources set last_sync_requested_at = null'); } });
  } finally {
    await database.end();
  }
}

/** S6: our count of API calls, the simulator's own, and what the partner's documents make necessary. */
export async function s6(context: BenchContext): Promise<BenchResult> {
  return withStack(context, { services: ['gateway', 'scheduler', 'fetcher', 'normalizer', 'warehouse-loader'], env: { PARTNER_RATE_LIMITS: 'false' } }, (stack) => counted(stack, async (product) => {
    await stack.gateway.post('warehouses', { name: 'Bench', url: stack.infrastructure.warehouseUrl });
    const rows: (readonly (string | number)[])[] = [];
    const figures: Record<string, number> = {};
    let wrong = 0;
    for (const [name, start] of Object.entries(COUNTED_PARTNERS)) {
      context.say(`S6: ${name}`);
      const partner = await start();
      try {
        for (const [what, run] of Object.entries<RunCalls>({ ...await countCalls(product, partner) })) {
          const apart = run.collections.filter(({ needed, ours, partners }) => needed !== ours || ours !== partners);
          wrong += apart.length + run.unmatched.length;
          rows.push([`${name}: ${what === 'first' ? 'first sync' : what === 'unchanged' ? 'nothing changed' : `only ${partner.collections[0] ?? ''}`}`, sum(run, 'needed'), sum(run, 'ours'), sum(run, 'partners'), apart.map(({ collection, needed, ours, partners }) => `${collection} ${needed}/${ours}/${partners}`).join(' ')]);
          figures[`${name}.${what}`] = sum(run, 'partners');
        }
      } finally {
        await partner.stop();
      }
    }
    context.say('S6: a day of Salesforce');
    const day = await salesforceDay(product);
    const total = day.reduce((all, one) => all + one.total, 0);
    for (const [n, { queries, describes, refused, renewals, total: all }] of day.entries()) rows.push([`salesforce: sync ${n + 1} of a day`, '', '', all, `${queries} queries, ${describes} describes, ${refused} refused, ${renewals} renewals`]);
    rows.push(['salesforce: the day', MOST_A_DAY, '', total, '']);
    return {
      title: 'S6  API calls', columns: ['sync', 'needed', 'ours', 'the simulator\'s', 'collections apart (needed/ours/its)'], rows,
      notes: ['Needed: full pages of a first sync (Salesforce: and one describe each), the declaration\'s callsPerSync when nothing changed.', `Collections in which they differ, and calls that only one of both knows: ${wrong}. Reach of the day: at most ${MOST_A_DAY}.`],
      figures: { ...figures, wrong, salesforceDay: total },
    };
  }));
}
