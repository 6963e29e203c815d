import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startMailCatcher, startStripeSimulator, type CaughtMail, type Fault, type MailCatcher, type StripeSimulator } from '#testing';
import type { RunDetail, Source } from './support/api.js';
import { eventually, untilTrue } from './support/eventually.js';
import { Product } from './support/product.js';

/** How runs end that nobody ended: through the real worker thread, to the API's answer and the mail that support got before it. */
const MINUTE = 60_000;
const SLUG = 'rules';

let product: Product;
let partner: StripeSimulator;
let mail: MailCatcher;
let source: Source;

beforeAll(async () => {
  mail = await startMailCatcher();
  product = await Product.start({
    env: {
      SUPPORT_SMTP_URL: mail.smtpUrl, SUPPORT_MAIL_TO: 'support@example.com', RUN_HANG_SECONDS: '15', RUN_LEASE_SECONDS: '3', RUN_MAX_MEMORY_MB: '64', SCHEDULER_TICK_MS: '200',
      NODE_OPTIONS: `--import=${new URL('support/worker-faults.mjs', import.meta.url).href}`,
    },
  });
  partner = await startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 20, days: 100 } });
  await product.connectWarehouse();
  source = await product.createStripe(partner.url, { name: 'Rules', slug: SLUG, intervalMinutes: 1_440, collections: ['customers', 'products', 'customer_events'] });
  const [first] = await product.runsOf(source.id);
  expect(await product.runEnds(first?.id ?? '')).toMatchObject({ state: 'succeeded', attempts: [{ outcome: 'succeeded', progressed: true }] });
}, 300_000);
afterEach(() => { partner.clearFaults(); });
afterAll(async () => {
  await partner?.stop();
  await product?.stop();
  await mail?.stop();
}, 120_000);

/** Sync now, however soon after the last one. */
async function begin(): Promise<string> {
  await product.control.rows('update sources set last_sync_requested_at = null where id = $1', [source.id]);
  return (await product.api.post<RunDetail>(`sources/${source.id}/sync`)).id;
}
const run = (id: string): Promise<RunDetail> => product.api.get<RunDetail>(`runs/${id}`);

/** The end of a run that support must know of, with the mail: it was there first. */
async function supported(id: string, state: 'killed' | 'failed', code: string): Promise<{ ended: RunDetail; caught: CaughtMail }> {
  let mailsBefore = 0;
  const ended = await eventually(`run ${id} is over`, async () => {
    const seen = mail.mails.length; // before the answer: what it shows as over was mailed by then
    const now = await run(id);
    if (now.state === 'running' || now.state === 'queued') return undefined;
    mailsBefore = seen;
    return now;
  }, product);
  expect(ended).toMatchObject({ state, error: { code, supportReference: expect.stringMatching(/^[0-9a-f-]{36}$/), remedy: expect.stringMatching(/reference below; they already have the complete log/) }, support: { state: 'notified' } });
  const caught = mail.mails.slice(0, mailsBefore + 1).find(({ subject }) => subject.includes(ended.error?.supportReference ?? 'none'));
  if (caught === undefined) throw new Error('support was not told first');
  return { ended, caught };
}

const lace = (word: string): Fault => ({ kind: 'rewrite', path: '/v1/customers', times: 99, rewrite: (body) => body.replace('{', `{"about":"worker-fault:${word} ${product.secrets.simulatorKey}",`) });

describe('a run that nobody ends', () => {
  it('is killed when its worker loops without end, and support has the complete log first', async () => {
    partner.fault(lace('loop'));
    const id = await begin();
    const { ended, caught } = await supported(id, 'killed', 'hung');
    expect(ended.error?.title).toMatch(/no progress for 15 s/);
    expect(ended.collections).toEqual(expect.arrayContaining([expect.objectContaining({ collection: 'customers', state: 'killed', error: expect.objectContaining({ code: 'hung' }) })]));
    expect(caught.text).toContain(`Run         ${id}`);
    for (const part of ['Rules (rules', 'HungError', 'The run begins.', '/v1/customers?', 'cloud-sources 0.1.0', 'killed']) expect(caught.text).toContain(part);
    const log = JSON.parse(gunzipSync(caught.attachments[0]?.content ?? Buffer.alloc(0)).toString()) as { calls: unknown[]; run: { api_calls: number } };
    expect(log.calls).toHaveLength(log.run.api_calls);
    expect(ended.apiCalls).toBe(log.run.api_calls);
  }, 3 * MINUTE);

  it('is killed when the partner never answers', async () => {
    partner.fault({ kind: 'hang', path: '/v1/customers', times: 99 });
    const { ended, caught } = await supported(await begin(), 'killed', 'hung');
    expect(ended.error?.title).toMatch(/no progress for 15 s and was killed: GET \/v1\/customers had no answer yet\./);
    const hung = ended.calls.filter(({ status }) => status === 0);
    expect(hung).toEqual([expect.objectContaining({ collection: 'customers', request: expect.stringContaining('/v1/customers?'), bytes: 0 })]);
    expect(hung[0]?.durationMs).toBeGreaterThanOrEqual(15_000);
    expect(ended.apiCalls).toBe(ended.calls.length);
    expect(caught.text).toMatch(/no answer {2}GET {2}\/v1\/customers\?/);
  }, 3 * MINUTE);

  it('is killed when it eats memory; the fetcher lives on', async () => {
    partner.fault(lace('memory'));
    const { ended } = await supported(await begin(), 'killed', 'out_of_memory');
    expect(ended.error?.title).toMatch(/64 MiB/);
    expect(product.said.filter((line) => line.startsWith('fetcher'))).toEqual([]);
  }, 3 * MINUTE);

  it('is killed by what nobody handles: support gets the error with its stack, and no secret', async () => {
    partner.fault(lace('throw'));
    const { caught } = await supported(await begin(), 'killed', 'internal');
    expect(caught.text).toContain('TypeError: it broke on [secret]');
    expect(caught.text).toMatch(/ {4}at .*worker-faults\.mjs/);
    for (const text of [caught.text, gunzipSync(caught.attachments[0]?.content ?? Buffer.alloc(0)).toString(), await product.control.dump()]) expect(text).not.toContain(product.secrets.simulatorKey);
  }, 3 * MINUTE);

  it('fails when its fetcher dies three times without getting any further, and says so with its attempts', async () => {
    partner.fault({ kind: 'hang', path: '/v1/customers', times: 99 });
    partner.fault({ kind: 'hang', path: '/v1/events', times: 99 });
    partner.fault({ kind: 'hang', path: '/v1/products', times: 99 });
    const id = await begin();
    for (const attempt of [1, 2, 3]) {
      await untilTrue(`attempt ${attempt} is under way`, async () => (await run(id)).attempts.length === attempt, { ...product, everyMs: 50 });
      await product.killed('fetcher');
    }
    const { ended, caught } = await supported(id, 'failed', 'internal');
    expect(ended.attempts.map(({ outcome, progressed }) => [outcome, progressed])).toEqual([['lost', false], ['lost', false], ['lost', false]]);
    expect(caught.text).toMatch(/3 {2}\S+ {2}\S+ {2}lost.*got no further/);
  }, 4 * MINUTE);
});

describe('a wait for a rate limit', () => {
  it('is shown with its end, within the run when it is short', async () => {
    partner.fault({ kind: 'status', status: 429, path: '/v1/customers', headers: { 'retry-after': '20' } });
    const id = await begin();
    const waiting = await eventually('the wait is shown', async () => ((now) => (now.waitingUntil === null ? undefined : now))(await run(id)), product);
    expect(waiting).toMatchObject({ state: 'running', collections: expect.arrayContaining([expect.objectContaining({ collection: 'customers', state: 'running', waitingUntil: waiting.waitingUntil })]) });
    expect(await product.runEnds(id)).toMatchObject({ state: 'succeeded', waitingUntil: null }); // 20 s without a word are longer than a hang
  }, 3 * MINUTE);

  it('defers when it is long, and goes on from there', async () => {
    partner.fault({ kind: 'status', status: 429, path: '/v1/customers', headers: { 'retry-after': '3600' } });
    const id = await begin();
    const deferred = await eventually('the run is deferred', async () => ((now) => (now.state === 'deferred' ? now : undefined))(await run(id)), product);
    expect(Date.parse(deferred.resumeAt ?? '') - Date.now()).toBeGreaterThan(55 * MINUTE);
    expect(deferred).toMatchObject({ waitingUntil: deferred.resumeAt, error: { code: 'rate_limited' } });
    await product.control.rows('update runs set resume_at = now() where id = $1', [id]); // the hour is over
    const ended = await product.runEnds(id);
    expect(ended).toMatchObject({ state: 'succeeded', error: null });
    expect(ended.attempts.map(({ outcome }) => outcome)).toEqual(['deferred', 'succeeded']);
  }, 3 * MINUTE);
});

describe('a partner that is asked again', () => {
  it('is seen at each call, while it goes on and after it was cancelled', async () => {
    partner.fault({ kind: 'status', status: 503, path: '/v1/customers', times: 99, headers: { 'retry-after': '20' } });
    const id = await begin();
    const isRefused = ({ calls }: RunDetail): boolean => calls.some(({ status }) => status === 503);
    const seen = await eventually('the refused call is seen', async () => ((now) => (isRefused(now) ? now : undefined))(await run(id)), product);
    expect(seen.state).toBe('running');
    const cancelled = await product.api.post<RunDetail>(`runs/${id}/cancel`);
    expect([cancelled.state, isRefused(await run(id))]).toEqual(['cancelled', true]);
  }, 3 * MINUTE);

  it('is seen at the call that had no answer when the run was cancelled', async () => {
    partner.fault({ kind: 'hang', path: '/v1/customers', times: 99 });
    const asked = (): number => partner.requests()['GET /v1/customers'] ?? 0;
    const before = asked();
    const id = await begin();
    await untilTrue('the partner is asked', () => asked() > before, { ...product, everyMs: 50 });
    await product.api.post<RunDetail>(`runs/${id}/cancel`);
    await untilTrue('the call is kept', async () => (await run(id)).calls.some(({ status, collection }) => status === 0 && collection === 'customers'), product);
    expect((await run(id)).state).toBe('cancelled');
  }, 3 * MINUTE);
});

describe('after all that', () => {
  it('the source has warned of its failures and forgotten them, and nothing is missing', async () => {
    partner.step(10);
    expect(await product.runEnds(await begin())).toMatchObject({ state: 'succeeded' });
    expect(await product.api.get(`sources/${source.id}`)).toMatchObject({ state: 'active', failedRuns: 0, notices: [], error: null });
    expect(await product.verify('--source', SLUG)).toMatchObject({ difference: 0 });
  }, 3 * MINUTE);

  it('tests the permission for each collection on demand, in the partner\'s words', async () => {
    const key = partner.restrictedKey(['rak_product_read']);
    const { access } = await product.api.post<{ access: readonly { collection: string; readable: boolean; error?: { remedy: string; details: string } }[] }>('sources/test', {
      connector: 'stripe', configuration: { apiKey: key, baseUrl: partner.url }, collections: ['customers', 'products'],
    });
    expect(access).toEqual([
      { collection: 'customers', readable: false, error: expect.objectContaining({ code: 'permission_denied', remedy: expect.stringMatching(/rak_customer_read/), details: expect.stringMatching(/does not have the required permissions/) }) },
      { collection: 'products', readable: true },
    ]);
    expect(await product.api.post(`sources/${source.id}/test`, {})).toMatchObject({ access: [{ readable: true }, { readable: true }, { readable: true }] });
  }, MINUTE);
});
