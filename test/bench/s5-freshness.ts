import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { recordTopic } from '#contracts';
import { BatchConsumer } from '#kafka';
import { createSource, PREFIX, SCHEMA, withStack, type BenchStack } from './measure/bench-stack.js';
import { total } from './measure/cpu.js';
import { percentile, scaled, type BenchContext, type BenchResult } from './measure/report.js';
import { signedEvents, type SignedEvent } from './measure/stripe-events.js';
import { until } from './measure/until.js';

const PER_SECOND = 200;
const SECONDS = 20;
const WARM_SECONDS = 5;
const POLL_MS = 20;
const TOPIC = recordTopic(PREFIX, 'stripe', 'customer_events', 'event');

/** Moments in ms since the epoch, by event id; all of one machine's clock. */
type Moments = Map<string, number>;

/** Sends them at fixed moments. @returns the moment before each POST; what wasn't acknowledged is left out */
async function send(url: string, events: readonly SignedEvent[], sent: Moments, acknowledged: Moments): Promise<void> {
  const agent = new Agent({ connections: 16 });
  const begin = Date.now();
  const answers: Promise<void>[] = [];
  for (const [index, { id, body, signature }] of events.entries()) {
    const due = begin + index / PER_SECOND * 1000;
    if (due > Date.now()) await sleep(due - Date.now());
    sent.set(id, Date.now());
    answers.push((async () => {
      const { statusCode, body: answer } = await request(url, { method: 'POST', dispatcher: agent, headers: { 'content-type': 'application/json', 'stripe-signature': signature }, body });
      await answer.dump();
      if (statusCode === 200) acknowledged.set(id, Date.now()); else throw new Error(`The webhook-gateway answered ${statusCode}.`);
    })());
  }
  await Promise.all(answers);
  await agent.close();
}

async function watchTopic({ kafka }: BenchStack, seen: Moments): Promise<BatchConsumer> {
  let joined = false;
  const consumer = new BatchConsumer(kafka, {
    groupId: 'bench-freshness', topics: [TOPIC], maxWaitMs: 50, onAssigned: () => { joined = true; }, onFailure: (error) => { throw error; },
    onBatch: async ({ messages, resolve }) => {
      const now = Date.now();
      for (const { headers } of messages) seen.set(String(headers['ce_recordid']), now);
      resolve((BigInt(messages.at(-1)?.offset ?? '0') + 1n).toString());
    },
  });
  await consumer.start();
  await until('the topic is watched', 30_000, 20, async () => joined);
  return consumer;
}

/** Looks every 20 ms for rows that weren't there; by the index on received_at, from a little before the oldest one that is missing. */
async function watchTable({ sql }: BenchStack, sent: Moments, seen: Moments, ended: () => boolean): Promise<void> {
  while (!ended()) {
    const missing = [...sent].find(([id]) => !seen.has(id))?.[1] ?? Date.now();
    try {
      const { rows } = await sql.query<{ id: string }>(`select id from ${SCHEMA}.customer_events where received_at >= $1`, [new Date(missing - 1000)]);
      const now = Date.now();
      for (const { id } of rows) if (sent.has(id) && !seen.has(id)) seen.set(id, now);
    } catch (error) {
      if ((error as { code?: string }).code !== '42P01') throw error; // the table comes with the first row
    }
    await sleep(POLL_MS);
  }
}

/** S5: from the moment before a webhook is posted until its event is on the topic, and until its row is in the warehouse. */
export async function s5(context: BenchContext): Promise<BenchResult> {
  const seconds = scaled(SECONDS, context);
  context.say(`S5: ${PER_SECOND} events a second for ${seconds} s`);
  return withStack(context, { services: ['gateway', 'webhook-gateway', 'normalizer', 'warehouse-loader'], customers: 1 }, async (stack) => {
    const { sourceId } = await createSource(stack, ['customers', 'customer_events']);
    await stack.gateway.ensureWebhookSecret(sourceId, stack.secrets.webhookSecret);
    const url = await stack.gateway.webhookUrl(sourceId);
    const [sent, acknowledged, onTopic, inTable]: [Moments, Moments, Moments, Moments] = [new Map(), new Map(), new Map(), new Map()];
    const consumer = await watchTopic(stack, onTopic);
    let ended = false;
    const watching = watchTable(stack, sent, inTable, () => ended);
    const all = (count: number): Promise<void> => until(`${count} rows are in the table`, 60_000, 50, async () => inTable.size >= count && onTopic.size >= count);
    try {
      // the first ones find no table, no producer of a transaction and cold code
      const warm = signedEvents(PER_SECOND * WARM_SECONDS, stack.secrets.webhookSecret);
      await send(url, warm, sent, acknowledged);
      await all(warm.length);
      for (const moments of [sent, acknowledged, onTopic, inTable]) moments.clear();
      const events = signedEvents(PER_SECOND * seconds, stack.secrets.webhookSecret);
      const cpu = stack.cpu();
      await send(url, events, sent, acknowledged);
      const used = cpu();
      await all(events.length);
      const delays = (moments: Moments): number[] => [...sent].map(([id, at]) => (moments.get(id) ?? Number.NaN) - at);
      const row = (name: string, moments: Moments): (string | number)[] => [name, ...[0.5, 0.9, 0.99, 1].map((share) => percentile(delays(moments), share))];
      const [topicP99, tableP99] = [percentile(delays(onTopic), 0.99), percentile(delays(inTable), 0.99)];
      return {
        title: `S5  freshness at ${PER_SECOND} events a second for ${seconds} s`, columns: ['from before the POST until', 'p50 ms', 'p90 ms', 'p99 ms', 'most ms'],
        rows: [row('acknowledged', acknowledged), row('on the event topic, committed', onTopic), row('a row in the warehouse', inTable)],
        notes: [
          `Reach: p99 100 ms to the topic (${topicP99.toFixed(0)}), 2 s to the row (${tableP99.toFixed(0)}). One process measures by one clock; it looks at the table every ${POLL_MS} ms.`,
          `CPU meanwhile: ${Object.entries(used).map(([name, value]) => `${name} ${value.toFixed(1)}`).join(', ')}; ${(total(used) / seconds).toFixed(2)} of a second in each.`,
        ],
        figures: { topicP50: percentile(delays(onTopic), 0.5), topicP99, tableP50: percentile(delays(inTable), 0.5), tableP99, acknowledgedP99: percentile(delays(acknowledged), 0.99) },
      };
    } finally {
      ended = true;
      await watching.catch(() => undefined);
      await consumer.stop();
    }
  });
}
