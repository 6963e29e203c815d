import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { startSalesforceSimulator } from '../salesforce-simulator/index.js';
import { startZendeskSimulator } from '../zendesk-simulator/index.js';
import { KeptState } from './kept-state.js';

const dir = mkdtempSync(join(tmpdir(), 'cs-kept-'));
afterAll(() => { rmSync(dir, { recursive: true, force: true }); });
const BACK = 'http://127.0.0.1:9/back';

/** The tokens that a sign-in gives, and that a refresh gives. */
async function tokens(url: string, form: Record<string, string>): Promise<{ status: number; access_token?: string; refresh_token?: string }> {
  const answer = await fetch(url, { method: 'POST', body: new URLSearchParams(form) });
  return { status: answer.status, ...await answer.json() as object };
}
async function code(url: string, client: string): Promise<string> {
  const answer = await fetch(`${url}?response_type=code&client_id=${client}&redirect_uri=${encodeURIComponent(BACK)}&state=s&as=admin`, { redirect: 'manual' });
  return new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? '';
}

describe('what a simulator keeps', () => {
  it('is there again, without what was deleted and without a line that was cut short', () => {
    const path = join(dir, 'maps', 'state.jsonl');
    const first = new KeptState(path);
    expect(first.isNew).toBe(true);
    first.map<number, object>('things').set(1, { a: 1 });
    first.follow();
    first.map<number, object>('things').set(2, { a: 2 }).set(1, { a: 3 });
    first.map<string, number>('counts').set('n', 7).set('gone', 1);
    first.map('counts').delete('gone');
    appendFileSync(path, '["things",3,{"a"'); // killed in the middle; nothing is closed
    const second = new KeptState(path);
    expect([second.isNew, [...second.map('things')], [...second.map('counts')]]).toEqual([false, [[1, { a: 3 }], [2, { a: 2 }]], [['n', 7]]]);
    second.follow();
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(4);
    second.map('things').clear();
    second.close();
    expect([...new KeptState(path).map('things')]).toEqual([]);
  });

  it("are Zendesk's records, ids and refresh tokens", async () => {
    const options = { journal: join(dir, 'zendesk.jsonl'), data: { tickets: 5 }, seed: 3 };
    const client = { redirectUris: [BACK], clientId: 'c', clientSecret: 'demo secret' };
    const first = await startZendeskSimulator(options);
    first.addOAuthClient(client);
    first.step(20);
    const [counts, events] = [first.counts(), first.ids('tickets')];
    const asked = { client_id: 'c', client_secret: 'demo secret', redirect_uri: BACK };
    const granted = await tokens(`${first.url}/oauth/tokens`, { grant_type: 'authorization_code', code: await code(`${first.url}/oauth/authorizations/new`, 'c'), ...asked });
    await first.stop();
    const second = await startZendeskSimulator(options);
    second.addOAuthClient(client);
    expect([second.counts(), second.ids('tickets')]).toEqual([counts, events]);
    const refresh = { grant_type: 'refresh_token', refresh_token: granted.refresh_token ?? '', ...asked };
    expect((await tokens(`${second.url}/oauth/tokens`, refresh)).status).toBe(200);
    expect((await tokens(`${second.url}/oauth/tokens`, refresh)).status).toBe(400);
    const { id } = second.create('tickets', { description: 'One more' });
    expect(counts.tickets === 0 || !events.includes(id)).toBe(true);
    await second.stop();
  });

  it("are Salesforce's records, its organization and refresh tokens", async () => {
    const options = { journal: join(dir, 'salesforce.jsonl'), data: { accounts: 4 }, seed: 3 };
    const first = await startSalesforceSimulator(options);
    first.addApp(true, 'c', 'demo secret');
    first.step(30);
    const counts = first.counts();
    const asked = { client_id: 'c', client_secret: 'demo secret', redirect_uri: BACK };
    const granted = await tokens(`${first.url}/services/oauth2/token`, { grant_type: 'authorization_code', code: await code(`${first.url}/services/oauth2/authorize`, 'c'), ...asked });
    await first.stop();
    const second = await startSalesforceSimulator(options);
    second.addApp(true, 'c', 'demo secret');
    expect([second.organizationId, second.counts()]).toEqual([first.organizationId, counts]);
    const refresh = { grant_type: 'refresh_token', refresh_token: granted.refresh_token ?? '', ...asked };
    const renewed = await tokens(`${second.url}/services/oauth2/token`, refresh);
    expect(renewed.status).toBe(200);
    // one that comes back ends its successor, too
    expect((await tokens(`${second.url}/services/oauth2/token`, refresh)).status).toBe(400);
    expect((await tokens(`${second.url}/services/oauth2/token`, { ...refresh, refresh_token: renewed.refresh_token ?? '' })).status).toBe(400);
    await second.stop();
  });
});

describe('the authorization page', () => {
  it('asks a person who they are, and takes a no', async () => {
    const zendesk = await startZendeskSimulator();
    const salesforce = await startSalesforceSimulator();
    zendesk.addOAuthClient({ redirectUris: [BACK], clientId: 'c', clientSecret: 'demo secret' });
    salesforce.addApp(false, 'c', 'demo secret');
    for (const url of [`${zendesk.url}/oauth/authorizations/new`, `${salesforce.url}/services/oauth2/authorize`]) {
      const address = `${url}?response_type=code&client_id=c&redirect_uri=${encodeURIComponent(BACK)}&state=s`;
      const page = await fetch(address, { headers: { accept: 'text/html' }, redirect: 'manual' });
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      const links = [...(await page.text()).matchAll(/href="([^"]*)"/g)].map(([, href = '']) => href.replaceAll('&#38;', '&'));
      expect(links.length).toBeGreaterThan(1);
      const went = await Promise.all(links.map(async (link) => new URL((await fetch(new URL(link, url), { headers: { accept: 'text/html' }, redirect: 'manual' })).headers.get('location') ?? '').searchParams));
      expect(went.at(-1)?.get('error')).toBe('access_denied');
      for (const query of went.slice(0, -1)) expect([query.get('code') !== null, query.get('state')]).toEqual([true, 's']);
    }
    await Promise.all([zendesk.stop(), salesforce.stop()]);
  });
});
