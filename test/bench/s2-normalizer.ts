import { recordTopic, topicNames } from '#contracts';
import { PREFIX, withStack, type BenchStack } from './measure/bench-stack.js';
import type { CpuSeconds } from './measure/cpu.js';
import { PAGE_RECORDS, rawPages } from './measure/raw-pages.js';
import { scaled, type BenchContext, type BenchResult } from './measure/report.js';
import { consumedBy, createTopic, fill } from './measure/topics.js';
import { watchGrowth, type Growth } from './measure/until.js';

const RECORDS = 200_000;
const RAW = topicNames.raw(PREFIX, 'stripe');
const OBJECTS = recordTopic(PREFIX, 'stripe', 'customers', 'object');
const LOOP = 'kafka-loop';

interface Measured extends Growth { readonly cpu: CpuSeconds; readonly process: string }

/** Watches a group work off the raw topic, from its first commit on. */
async function measure(stack: BenchStack, groupId: string, process: string, pages: number, begin: () => Promise<void>): Promise<Measured> {
  const consumed = await consumedBy(stack.kafka, groupId, RAW);
  let cpu: (() => CpuSeconds) | undefined;
  try {
    await begin();
    const growth = await watchGrowth(`pages that ${groupId} has consumed`, pages, { everyMs: 20, timeoutMs: 300_000, started: () => { cpu = stack.cpu(); } }, consumed.count);
    return { ...growth, cpu: cpu?.() ?? {}, process };
  } finally {
    await consumed.close();
    await stack.end(process);
  }
}

function loop(stack: BenchStack, pages: number, mode: 'plain' | 'transactions'): () => Promise<Measured> {
  const output = `bench.${mode}`;
  return async () => {
    await createTopic(stack.kafka, output, 3);
    const env = { BROKERS: stack.infrastructure.kafkaBrokers.join(), INPUT: RAW, SAMPLE: OBJECTS, OUTPUT: output, GROUP: output, MODE: mode };
    return measure(stack, output, LOOP, pages, () => stack.startProgram(LOOP, [], env, (line) => process.stderr.write(`${LOOP} ${line}\n`)));
  };
}

/** S2: raw pages to records in transactions, beside a bare consume and produce loop of the same bytes. */
export async function s2(context: BenchContext): Promise<BenchResult> {
  const pages = scaled(RECORDS, context, PAGE_RECORDS) / PAGE_RECORDS;
  context.say(`S2: ${pages} raw pages of ${PAGE_RECORDS} customers through the normaliser`);
  return withStack(context, { services: [] }, async (stack) => {
    await fill(stack.kafka, RAW, rawPages(pages));
    const mine = await measure(stack, `${PREFIX}normalizer`, 'normalizer', pages, () => stack.startServices(['normalizer']));
    context.say('S2: the bare loop');
    const bare = await loop(stack, pages, 'plain')();
    const transactions = await loop(stack, pages, 'transactions')();
    const row = (name: string, { perSecond, cpu, count, process }: Measured): (string | number)[] =>
      [name, perSecond * PAGE_RECORDS, perSecond / bare.perSecond, 1e6 * (cpu[process] ?? 0) / (count * PAGE_RECORDS), 1e6 * (cpu['kafka'] ?? 0) / (count * PAGE_RECORDS)];
    const ownCpu = ({ cpu, count, process }: Measured): number => (cpu[process] ?? Number.NaN) / count;
    return {
      title: `S2  normaliser: ${pages * PAGE_RECORDS} records out of ${pages} raw pages, in transactions`,
      columns: ['', 'records/s', 'of the loop', 'own CPU µs/record', 'broker µs/record'],
      rows: [row('normaliser', mine), row('bare kafkajs loop', bare), row('the same in transactions', transactions)],
      notes: [
        `${(100 * mine.perSecond / bare.perSecond).toFixed(0)} % of the bare loop (reach: 50 %). One process each; from the first commit to the last.`,
        `By CPU, which other programs on the machine disturb less: ${(100 * ownCpu(bare) / ownCpu(mine)).toFixed(0)} % (the loop's own CPU of a record against the normaliser's).`,
        'The loop consumes the same pages and produces 100 records of the normaliser for each, 50 pages to a request; it parses nothing.',
      ],
      figures: {
        recordsPerSecond: mine.perSecond * PAGE_RECORDS, loopRecordsPerSecond: bare.perSecond * PAGE_RECORDS, transactionalLoopRecordsPerSecond: transactions.perSecond * PAGE_RECORDS,
        shareOfLoopByCpu: ownCpu(bare) / ownCpu(mine), shareOfLoop: mine.perSecond / bare.perSecond, shareOfTransactionalLoop: mine.perSecond / transactions.perSecond,
      },
    };
  });
}
