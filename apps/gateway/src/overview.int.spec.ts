import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PartnerAccountRepository, WebhookRepository, type WebhookDelivery } from '#persistence';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { anyId, startGateway, type TestGateway } from './gateway.factory.js';

const DAY = 86_400_000;
let control: TestDatabase;
let gateway: TestGateway;
let id: string;

beforeAll(async () => {
  control = await testDatabase();
  gateway = await startGateway(control.url, await testKafka(), `${randomName()}.`);
  id = await gateway.made();
}, 60_000);
afterAll(async () => {
  await gateway.close();
  await control.drop();
});

interface Overview { readonly sources: readonly { readonly sourceId: string; readonly freshAt: string | null; readonly calls: number; readonly webhooks: number; readonly limit: object | null }[]; readonly hours: readonly { readonly webhooks: number }[]; readonly days: readonly { readonly calls: number }[] }
const overview = async (): Promise<Overview> => (await gateway.call('GET', '/overview')).body as unknown as Overview;
const delivery = (ago: number, status: number): WebhookDelivery => ({ receivedAt: new Date(Date.now() - ago), status, reason: status === 200 ? 'received' : 'The signature does not hold', deliveryId: `evt_${ago}`, bytes: 10, durationMs: 3 });
const tally = (sourceId: string, ...newest: WebhookDelivery[]) => ({ sourceId, hour: new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000), taken: newest.filter(({ status }) => status === 200).length, refused: newest.filter(({ status }) => status !== 200).length, newest });

describe('the overview', () => {
  it('has each source\'s freshness, calls, webhooks and limit, and what came in by hour and day', async () => {
    expect((await overview()).sources).toMatchObject([{ sourceId: id, webhooks: 0, limit: null }]);
    const webhooks = new WebhookRepository(gateway.database);
    await webhooks.count([tally(id, delivery(2_000, 200), delivery(1_000, 401)), tally(id, delivery(500, 200)), tally(anyId, delivery(0, 200))]);
    await new PartnerAccountRepository(gateway.database).note(id, [{ name: 'api', windowMs: DAY, limit: 1_000, used: 5 }]);
    const { sources: [glance], hours, days } = await overview();
    expect(glance).toMatchObject({ webhooks: 2, calls: 1, limit: { kind: 'partner', perDay: 1_000 } });
    expect(Date.now() - Date.parse(String(glance?.freshAt))).toBeLessThan(60_000);
    expect([hours.length, hours.reduce((sum, one) => sum + one.webhooks, 0), days.length, days.reduce((sum, { calls }) => sum + calls, 0)]).toEqual([24, 2, 7, 1]);
    await gateway.call('PATCH', `/sources/${id}`, { dailyCallBudget: 40 });
    expect((await overview()).sources[0]?.limit).toEqual({ kind: 'budget', perDay: 40 });
    expect((await gateway.call('GET', '/usage')).body).toMatchObject({ total: 1, data: [{ sourceId: id, calls: 1 }] });
    expect((await gateway.call('GET', '/usage?from=2026-02-30')).status).toBe(400);
  });

  it('leaves the deliveries of a source to be looked at, newest first and page by page; the oldest go', async () => {
    interface Deliveries { readonly data: readonly { readonly id: string; readonly status: number; readonly deliveryId: string }[]; readonly nextCursor: string | null; readonly taken: number; readonly refused: number; readonly lastTakenAt: string }
    const list = async (query = ''): Promise<Deliveries> => (await gateway.call('GET', `/sources/${id}/webhook/deliveries${query}`)).body as unknown as Deliveries;
    expect(await list('?limit=2')).toMatchObject({ taken: 2, refused: 1, data: [{ status: 200, deliveryId: 'evt_500' }, { status: 401, deliveryId: 'evt_1000' }] });
    const { nextCursor } = await list('?limit=2');
    expect((await list(`?limit=2&cursor=${String(nextCursor)}`)).data.map(({ deliveryId }) => deliveryId)).toEqual(['evt_2000']);
    await new WebhookRepository(gateway.database).count(Array.from({ length: 21 }, () => tally(id, ...Array.from({ length: 10 }, () => delivery(0, 200)))));
    expect(await list('?limit=200')).toMatchObject({ taken: 212, nextCursor: null, data: { length: 200 } });
    expect((await gateway.call('GET', `/sources/${anyId}/webhook/deliveries`)).status).toBe(404);
  });
});
