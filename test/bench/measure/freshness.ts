import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { recordTopic } from '#contracts';
import { BatchConsumer } from '#kafka';
import { PREFIX, SCHEMA, type BenchStack } from './bench-stack.js';
import { percentile } from './report.js';
import { signedEvents, type SignedEvent } from './stripe-events.js';
import { until } from './until.js';

export const PER_SECOND = 200;
const WARM_SECONDS = 5;
/** How often the table is looked at. */
export const POLL_MS = 20;
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

/** Delays in ms from before the POST, by what was waited for. */
export interface Freshness { readonly acknowledged: readonly number[]; readonly onTopic: readonly number[]; readonly inTable: readonly number[] }

export interface FreshnessWatch {
  /** Posts `PER_SECOND` events for so long, and waits for the last one's row. */
  measure(seconds: number, meanwhile?: { begin(): void; end(): void }): Promise<Freshness>;
  close(): Promise<void>;
}

/** Watches the topic and the table of a source's customer events; the first ones, which meet cold code, are over when it resolves. */
export async function watchFreshness(stack: BenchStack, sourceId: string): Promise<FreshnessWatch> {
  await stack.gateway.ensureWebhookSecret(sourceId, stack.secrets.webhookSecret);
  const url = await stack.gateway.webhookUrl(sourceId);
  const [sent, acknowledged, onTopic, inTable]: [Moments, Moments, Moments, Moments] = [new Map(), new Map(), new Map(), new Map()];
  const consumer = await watchTopic(stack, onTopic);
  let ended = false;
  const watching = watchTable(stack, sent, inTable, () => ended);
  // An error of the watch ends what waits for it, with its words.
  const failed = watching.then(() => new Promise<never>(() => undefined));
  failed.catch(() => undefined);
  const close = async (): Promise<void> => {
    ended = true;
    await watching.catch(() => undefined);
    await consumer.stop();
  };
  const measure: FreshnessWatch['measure'] = async (seconds, meanwhile) => {
    for (const moments of [sent, acknowledged, onTopic, inTable]) moments.clear();
    const events = signedEvents(PER_SECOND * seconds, stack.secrets.webhookSecret);
    meanwhile?.begin();
    await send(url, events, sent, acknowledged);
    meanwhile?.end();
    const all = (moments: Moments): boolean => events.every(({ id }) => moments.has(id));
    await Promise.race([failed, until(`${events.length} rows are in the table`, 120_000, 50, async () => all(inTable) && all(onTopic))]);
    const delays = (moments: Moments): number[] => [...sent].map(([id, at]) => (moments.get(id) ?? Number.NaN) - at);
    return { acknowledged: delays(acknowledged), onTopic: delays(onTopic), inTable: delays(inTable) };
  };
  try {
    await measure(WARM_SECONDS);
    return { measure, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A row of a table: half, nine tenths, 99 % and all of them. */
export const spread = (name: string, delays: readonly number[]): (string | number)[] => [name, ...[0.5, 0.9, 0.99, 1].map((share) => percentile(delays, share))];
