import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { signatureHeaders } from '#forwarding';
import { AccessRepository, RunRepository, RunRequestRepository, SourceRepository, SupportRepository, migrate, newId, openDatabase, type DataSource } from '#persistence';
import { startMailCatcher, testDatabase, type MailCatcher, type TestDatabase } from '#testing';
import { hookChannel } from './hook-channel.js';
import { mailChannel } from './mail-channel.js';
import { notify } from './notify.js';

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes, yes').toString('base64')}`;
const ERROR = { code: 'hung', title: 'The run made no progress for 600 s and was killed.', remedy: 'x', supportReference: 'ref-1' } as const;

let test: TestDatabase;
let database: DataSource;
let mail: MailCatcher;
let hook: Server;
let hookUrl: string;
let hookStatus = 204;
let runs: RunRepository;
let workspaceId: string;
let sourceId: string;
let runId: string;
let hooked: { headers: IncomingHttpHeaders; body: string }[] = [];
const failures: string[] = [];

beforeAll(async () => {
  test = await testDatabase();
  database = await openDatabase({ url: test.url, applicationName: 'spec', poolSize: 4 });
  await migrate(database);
  await new AccessRepository(database).bootstrap({ workspace: 'Acme', email: 'owner@example.com', passwordHash: 'x' });
  workspaceId = (await database.query('select id from workspaces') as { id: string }[])[0]!.id;
  runs = new RunRepository(database);
  mail = await startMailCatcher();
  hook = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
      if (hookStatus === 204) hooked.push({ headers: request.headers, body: Buffer.concat(parts).toString() });
      response.writeHead(hookStatus).end();
    });
  });
  await new Promise<void>((resolve) => { hook.listen(0, '127.0.0.1', resolve); });
  hookUrl = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/support?from=cs`;
}, 30_000);
afterAll(async () => {
  await mail.stop();
  hook.close();
  await database.destroy();
  await test.drop();
});

beforeEach(async () => {
  sourceId = newId();
  await new SourceRepository(database).create({
    id: sourceId, workspaceId, connector: 'stripe', name: 'Payments – Größe', slug: `s_${sourceId.replaceAll('-', '_')}`, warehouseId: null, configuration: { baseUrl: 'http://127.0.0.1' },
    startDate: new Date('2026-01-01T00:00:00Z'), intervalMinutes: 60, sealedCredentials: 'v1.k1.sealed', collections: ['customers', 'charges'],
  });
  runId = (await database.query('select id from runs where source_id = $1', [sourceId]) as { id: string }[])[0]!.id;
  hooked = [];
  hookStatus = 204;
});

const shown = async () => (await new RunRequestRepository(database).get(workspaceId, runId))!;
const again = () => database.query('update support_notifications set next_try_at = now() where run_id = $1', [runId]);
const channels = () => [
  mailChannel({ url: mail.smtpUrl, from: 'cs@example.com', to: ['support@example.com'] }),
  hookChannel({ url: hookUrl, secret: SECRET, allowPrivateAddresses: true }),
];

async function turn(waitMs: number, using = channels()) {
  const done = await notify({ support: new SupportRepository(database), channels: using, waitMs, failed: (_, channel, error) => { failures.push(`${channel}: ${error.message}`); } });
  await Promise.all(using.map((channel) => channel.close()));
  return done;
}

/** A run in the middle of its work, killed. */
async function kill(): Promise<void> {
  const { token } = (await runs.claim(runId, 'host/1', 60_000))!;
  await runs.collectionState(runId, token, 'customers', 'running');
  await runs.recordCalls(runId, [{ collection: 'customers', method: 'GET', request: '/v1/customers?limit=100', status: 500, startedAt: Date.now(), durationMs: 12, bytes: 3 }]);
  await runs.appendLog(runId, [{ at: new Date(), level: 'warn', message: 'customers: it rains' }]);
  expect(await runs.finish(runId, token, 'killed', ERROR, undefined, { name: 'HungError', message: 'no progress', stack: ['at read (reader.js:1:2)'] })).toBe(true);
  expect(await runs.heartbeat(runId, token, 60_000)).toBe(false);
}

describe('a killed run', () => {
  it('is over only when support has its complete log, by mail and by signed hook', async () => {
    await kill();
    expect(await shown()).toMatchObject({ state: 'running', error: null, support: { state: 'pending' } });
    expect(await turn(60_000)).toEqual({ delivered: 2, failed: 0, ended: 1 });
    expect(await shown()).toMatchObject({ state: 'killed', error: { ...ERROR, remedy: expect.stringMatching(/already have the complete log/) }, support: { state: 'notified', notifiedAt: expect.stringMatching(/^\d{4}-/) } });
    expect(await new RunRequestRepository(database).collections(runId)).toMatchObject([{ collection: 'charges', state: 'skipped', error: null }, { collection: 'customers', state: 'killed', error: { code: 'hung' } }]);

    const caught = mail.mails.at(-1)!;
    expect(caught).toMatchObject({ from: 'cs@example.com', to: ['support@example.com'], messageId: '<ref-1@cloud-sources>' });
    expect(caught.subject).toContain('stripe run killed: The run made no progress for 600 s and was killed. (ref-1)');
    for (const part of ['ref-1', 'Payments – Größe', 'HungError: no progress', 'at read (reader.js:1:2)', 'customers: it rains', 'GET  /v1/customers?limit=100', 'host/1', '1 calls', 'cloud-sources 0.1.0']) expect(caught.text).toContain(part);
    const attached = JSON.parse(gunzipSync(caught.attachments[0]!.content).toString()) as { run: { id: string }; attempts: unknown[]; calls: unknown[] };
    expect(attached).toMatchObject({ run: { id: runId }, attempts: [{ owner: 'host/1', outcome: 'killed', apiCalls: 1, progressed: false }], calls: [{ status: 500 }], trace: { name: 'HungError' } });

    const [{ headers, body }] = hooked as [{ headers: Record<string, string>; body: string }];
    expect(headers).toMatchObject(signatureHeaders([SECRET], headers['webhook-id']!, Number(headers['webhook-timestamp']), body));
    expect(JSON.parse(body)).toMatchObject({ type: 'run.needs_support', data: { reference: 'ref-1', log: [{ message: 'customers: it rains' }] } });
    expect(await turn(0)).toEqual({ delivered: 0, failed: 0, ended: 0 });
  });

  it('waits for a channel that is away no longer than it should, and is sent later without being sent twice', async () => {
    await kill();
    hookStatus = 503;
    const before = mail.mails.length;
    expect(await turn(60_000)).toEqual({ delivered: 1, failed: 1, ended: 0 });
    expect(failures.at(-1)).toBe('hook: hook: answered 503');
    expect((await shown()).state).toBe('running');
    expect(await turn(0)).toEqual({ delivered: 0, failed: 0, ended: 1 });
    expect(await shown()).toMatchObject({ state: 'killed', error: { remedy: expect.stringMatching(/could not be sent yet/) }, support: { state: 'pending' } });
    hookStatus = 204;
    await again();
    expect(await turn(0)).toEqual({ delivered: 1, failed: 0, ended: 0 });
    expect(mail.mails.length).toBe(before + 1);
    expect(await shown()).toMatchObject({ state: 'killed', error: { remedy: expect.stringMatching(/already have/) }, support: { state: 'notified' } });
  });

  it('does not wait where nobody is to be told', async () => {
    await kill();
    expect(await turn(60_000, [])).toEqual({ delivered: 0, failed: 0, ended: 1 });
    expect(await shown()).toMatchObject({ state: 'killed', error: { remedy: expect.stringMatching(/no support channel/) }, support: { state: 'unconfigured' } });
  });

  it('is not sent to a private address unless that is allowed', async () => {
    await kill();
    expect(await turn(0, [hookChannel({ url: hookUrl, secret: SECRET, allowPrivateAddresses: false })])).toMatchObject({ delivered: 0, failed: 1 });
    expect(failures.at(-1)).toBe('hook: hook: BlockedAddressError');
    expect(hooked).toEqual([]);
  });
});

describe('the mail channel', () => {
  it('says what the server said, without its address', async () => {
    await kill();
    mail.refuse(true);
    expect(await turn(0, [mailChannel({ url: mail.smtpUrl.replace('//', '//user:pass-word@'), from: 'cs@example.com', to: ['support@example.com'] })])).toMatchObject({ failed: 1 });
    mail.refuse(false);
    expect(failures.at(-1)).toMatch(/^mail: SMTP: E\w+ 451$/);
  });
});
