import { setTimeout as sleep } from 'node:timers/promises';
import { SERVICE_NAMES } from '../../deploy/local/src/services.js';
import { createSource, withStack, type BenchStack } from './measure/bench-stack.js';
import { atShares, meanMb, type MemorySample } from './measure/memory.js';
import { scaled, type BenchContext, type BenchResult } from './measure/report.js';

const RECORDS = 5_000_000;
/** Customers of one page. */
const PAGE = 100;
const TOPIC = 'cs.objects.stripe.customers';
const EVERY_MS = 500;
const MOST_MB = 300;
const SHARES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
/** A service is flat when its last fifth is at most so many times the third one: by then everything that is kept is there. */
const FLAT = 1.1;

/** Records that the loader has loaded. */
async function loaded({ sql }: BenchStack): Promise<number> {
  const { rows: [offsets] } = await sql.query<{ done: string }>('select coalesce(sum(next_offset), 0) as done from _cloud_sources.offsets where topic = $1', [TOPIC]).catch(() => ({ rows: [] }));
  return Number(offsets?.done ?? 0);
}

/** S7: memory of each service over the first sync of one large collection. */
export async function s7(context: BenchContext): Promise<BenchResult> {
  const records = scaled(RECORDS, context, PAGE);
  context.say(`S7: a first sync of ${records} records`);
  return withStack(context, { services: SERVICE_NAMES, env: { PARTNER_RATE_LIMITS: 'false' }, customers: records }, async (stack) => {
    const samples: MemorySample[] = [];
    const began = performance.now();
    const end = began + 300_000 + records;
    await createSource(stack, ['customers']);
    for (let done = 0; done < records;) {
      if (performance.now() > end) throw new Error(`Only ${done} of ${records} records were loaded in ${Math.round((end - began) / 1000)} s.`);
      await sleep(EVERY_MS);
      done = Math.min(records, await loaded(stack));
      samples.push({ seconds: (performance.now() - began) / 1_000, records: done, mb: stack.memory(SERVICE_NAMES) });
    }
    const seconds = samples.at(-1)?.seconds ?? Number.NaN;
    const most = (name: string): number => Math.max(...samples.map(({ mb }) => mb[name] ?? Number.NaN));
    const growth = (name: string): number => meanMb(samples, name, records, 0.8, 1) / meanMb(samples, name, records, 0.4, 0.6);
    const above = SERVICE_NAMES.filter((name) => most(name) >= MOST_MB);
    const growing = SERVICE_NAMES.filter((name) => !(growth(name) <= FLAT));
    const shown = atShares(samples, records, SHARES);
    return {
      title: `S7  resident memory over a first sync of ${records.toLocaleString('en-US')} records, MB`,
      columns: ['', 'seconds', ...SERVICE_NAMES],
      rows: [
        ...shown.map(({ seconds: at, mb }, n) => [`${Math.round(100 * (SHARES[n] ?? 1))} % loaded`, at, ...SERVICE_NAMES.map((name) => mb[name] ?? Number.NaN)]),
        ['most', '', ...SERVICE_NAMES.map(most)],
        ['last fifth / third fifth', '', ...SERVICE_NAMES.map(growth)],
      ],
      notes: [
        `Reach: under ${MOST_MB} MB, flat (at most ${FLAT}). Above: ${above.join(', ') || 'none'}. Not flat: ${growing.join(', ') || 'none'}.`,
        `${Math.round(records / seconds).toLocaleString('en-US')} records a second on the whole; ${samples.length} samples of VmRSS, read from /proc every ${EVERY_MS} ms.`,
      ],
      figures: {
        records, seconds, above: above.length, growing: growing.length,
        ...Object.fromEntries(SERVICE_NAMES.flatMap((name) => [[`${name}.mostMb`, most(name)], [`${name}.growth`, growth(name)], ...shown.map(({ mb }, n) => [`${name}.mbAt${Math.round(100 * (SHARES[n] ?? 1))}`, mb[name] ?? Number.NaN] as const)])),
      },
    };
  });
}
