import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccessRepository, HealthRepository, NOTIFICATION_KINDS, NotificationRepository, RunRepository, RunRequestRepository, SourceRepository, migrate, newId, openDatabase, type DataSource } from '#persistence';
import { startMailCatcher, testDatabase, type MailCatcher, type TestDatabase } from '#testing';
import { createVault, parseKeyRing, sealContext } from '#vault';
import { notificationChannels } from './channels.js';
import { tell } from './tell.js';

let test: TestDatabase;
let database: DataSource;
let mail: MailCatcher;
let hook: Server;
let status = 503;
const hooked: string[] = [];
let people: ReturnType<typeof notificationChannels>;
let notifications: NotificationRepository;
let workspaceId: string;
let sourceId: string;
const vault = createVault(parseKeyRing(`k:${randomBytes(32).toString('base64')}`));

beforeAll(async () => {
  test = await testDatabase();
  database = await openDatabase({ url: test.url, applicationName: 'spec', poolSize: 4 });
  await migrate(database);
  await new AccessRepository(database).bootstrap({ workspace: 'Acme <Ltd>', email: 'owner@example.com', passwordHash: 'x' });
  workspaceId = (await database.query('select id from workspaces') as { id: string }[])[0]!.id;
  mail = await startMailCatcher();
  hook = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part)).on('end', () => { if (status === 200) hooked.push(Buffer.concat(parts).toString()); response.writeHead(status).end(); });
  });
  await new Promise<void>((resolve) => { hook.listen(0, '127.0.0.1', resolve); });
  people = notificationChannels({ supportSmtpUrl: mail.smtpUrl, supportMailFrom: 'cloud-sources@example.com', allowPrivateAddresses: true }, vault);
  notifications = new NotificationRepository(database);
  sourceId = newId();
  await new SourceRepository(database).create({
    id: sourceId, workspaceId, connector: 'stripe', name: 'Shop', slug: 'shop', warehouseId: null, configuration: {}, startDate: new Date(), intervalMinutes: 60, sealedCredentials: 'x', collections: ['customers'],
  });
}, 60_000);
afterAll(async () => {
  await people.close();
  await mail.stop();
  hook.close();
  await database.destroy();
  await test.drop();
});

/** The source's next run ends like this. */
async function ends(state: 'succeeded' | 'failed', code: 'partner_unavailable' | 'authentication_failed' = 'partner_unavailable'): Promise<void> {
  const runs = new RunRepository(database);
  await database.query(`update sources set last_sync_requested_at = null, state = 'active', error = null where id = $1`, [sourceId]);
  const [open] = await database.query(`select id from runs where source_id = $1 and state = 'queued'`, [sourceId]) as { id: string }[];
  const asked = open ?? (await new RunRequestRepository(database).request(workspaceId, sourceId, 0, 0) as { run: { id: string } }).run;
  const { token } = (await runs.claim(asked.id, 'spec', 60_000))!;
  await runs.finish(asked.id, token, state, state === 'failed' ? { code, title: `It failed: ${code}.`, remedy: 'Do this.' } : undefined);
}
/** The source's next run reads its collections but these. */
async function isPartial(...failing: readonly string[]): Promise<void> {
  const runs = new RunRepository(database);
  await database.query('update sources set last_sync_requested_at = null where id = $1', [sourceId]);
  const { run } = await new RunRequestRepository(database).request(workspaceId, sourceId, 0, 0) as { run: { id: string } };
  const { token } = (await runs.claim(run.id, 'spec', 60_000))!;
  for (const collection of ['customers', 'coupons', 'products']) {
    const error = failing.includes(collection) ? { code: 'permission_denied', title: `It failed: ${collection}.`, remedy: 'Do this.' } as const : undefined;
    await runs.collectionState(run.id, token, collection, error === undefined ? 'succeeded' : 'failed', error);
  }
  await runs.finish(run.id, token, failing.length === 0 ? 'succeeded' : 'partial', failing.length === 0 ? undefined : { code: 'permission_denied', title: 'It failed.', remedy: 'Do this.' });
}
const due = async (): Promise<object> => { await database.query('update notifications set next_try_at = now()'); return tell(notifications, people.channels); };
const kinds = async (): Promise<string[]> => (await notifications.recent(workspaceId, 50)).map(({ kind }) => kind);

describe('notifications', () => {
  it('go to nobody until somebody wants them', async () => {
    await ends('failed');
    expect(await kinds()).toEqual([]);
    await ends('succeeded');
  });

  it('say once that runs fail, and again when access is denied after a success', async () => {
    const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/services/T/B`;
    await notifications.change(workspaceId, { emails: ['a@example.com'], kinds: NOTIFICATION_KINDS, hookSealed: vault.seal(url, sealContext.notificationHook(workspaceId)), hookLocation: '127.0.0.1' });
    await ends('failed');
    await ends('failed');
    expect(await kinds()).toEqual(['run_failed']);
    await ends('succeeded');
    await ends('failed', 'authentication_failed');
    expect(await kinds()).toEqual(['access_denied', 'run_failed']);
  });

  it('reach mail at once and a hook that was away later, each once', async () => {
    expect(await due()).toEqual({ delivered: 2, failed: 2 });
    expect((await notifications.recent(workspaceId, 1))[0]).toMatchObject({ delivered: ['mail'], doneAt: null, lastError: 'hook: answered 503' });
    status = 200;
    expect(await due()).toEqual({ delivered: 2, failed: 0 });
    expect(await due()).toEqual({ delivered: 0, failed: 0 });
    expect(hooked.map((body) => (JSON.parse(body) as { text: string }).text).sort()).toEqual(['*A run failed: Shop*\nIt failed: partner_unavailable.\nDo this.\n_Acme &lt;Ltd&gt;_', '*Access denied: Shop*\nIt failed: authentication_failed.\nDo this.\n_Acme &lt;Ltd&gt;_']);
    expect(mail.mails.map(({ subject }) => subject).sort()).toEqual(['[Cloud Sources] A run failed: Shop', '[Cloud Sources] Access denied: Shop']);
  });

  it('say once that a collection fails while others are read, and again after it was read', async () => {
    await ends('succeeded');
    await database.query(`insert into source_collections (source_id, collection) values ($1, 'coupons'), ($1, 'products') on conflict do nothing`, [sourceId]);
    const before = (await kinds()).length;
    await isPartial('coupons');
    await isPartial('coupons');
    expect((await notifications.recent(workspaceId, 50)).slice(0, -before)).toEqual([expect.objectContaining({ kind: 'run_partial', title: 'coupons could not be read; what could be read is loaded. It failed: coupons.', remedy: 'Do this.' })]);
    await isPartial('coupons', 'products');
    expect((await notifications.recent(workspaceId, 1))[0]?.title).toMatch(/^products could not be read/);
    await ends('succeeded');
    await isPartial();
    await isPartial('coupons', 'products');
    expect((await notifications.recent(workspaceId, 1))[0]?.title).toMatch(/^coupons could .* The same run could not read products either\.$/);
    await due();
    expect(mail.mails.at(-1)?.subject).toBe('[Cloud Sources] A collection failed: Shop');
  });

  it('are wanted of kinds that came after somebody chose, until somebody says no', async () => {
    // As the version before these kinds saved it.
    await database.query(`update notification_settings set kinds = '{run_failed,paused}', known = default where workspace_id = $1`, [workspaceId]);
    const settings = await notifications.settings(workspaceId);
    expect([...settings.kinds].sort()).toEqual(['destination_disabled', 'paused', 'run_failed', 'run_partial']);
    const told = (await kinds()).length;
    await ends('succeeded');
    await isPartial('coupons');
    expect((await kinds()).slice(0, -told)).toEqual(['run_partial']);
    await notifications.change(workspaceId, { ...settings, kinds: ['run_failed', 'paused'] });
    expect((await notifications.settings(workspaceId)).kinds).toEqual(['run_failed', 'paused']);
    await ends('succeeded');
    await isPartial();
    await isPartial('coupons');
    expect(await kinds()).toHaveLength(told + 1);
    await notifications.change(workspaceId, { ...settings, kinds: NOTIFICATION_KINDS });
  });

  it('tell of a source that was paused by itself, and of nothing that isn\'t wanted', async () => {
    await database.query(`update sources set state = 'active', failed_runs = 20, failing_since = now() - interval '9 days', warning = '{}' where id = $1`, [sourceId]);
    await new HealthRepository(database).judge({ warnAfter: 1, pauseAfter: 2, minHours: 1, pauseAfterDays: 7 });
    expect((await kinds())[0]).toBe('paused');
    const told = (await kinds()).length;
    await notifications.change(workspaceId, { ...await notifications.settings(workspaceId), kinds: [] });
    await database.query(`update sources set state = 'active', failed_runs = 0 where id = $1`, [sourceId]);
    await ends('failed');
    expect(await kinds()).toHaveLength(told);
    await notifications.test(workspaceId);
    await due();
    expect(hooked.at(-1)).toMatch(/\*Test\*/);
  });
});
