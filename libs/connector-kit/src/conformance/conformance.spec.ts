import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { PartnerContractError, PermissionDeniedError, RateLimitedError } from '#contracts';
import { checkAccess } from '../check-access.js';
import type { Connector, Normalize, NormalizedRecord, Page, PassPage, ReadContext, WebhookRequest } from '../connector.js';
import { defineConnector } from '../define-connector.js';
import { parsePage } from '../read-page.js';
import { hmacVerifier } from '../webhook/hmac-verifier.js';
import { connectorConformance } from './conformance.js';
import type { ConformanceHarness, ConformancePartner } from './harness.js';

const newKey = (): string => `test_${randomBytes(16).toString('hex')}`;

async function startPartner(count: number): Promise<ConformancePartner> {
  const apiKey = newKey();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://partner');
    const answer = (status: number, body: unknown): void => { response.writeHead(status).end(JSON.stringify(body)); };
    if (request.headers.authorization !== `Bearer ${apiKey}` && url.searchParams.get('key') !== apiKey) return answer(401, {});
    if (url.pathname === '/me') return answer(200, { name: 'Acme' });
    const after = Number(url.searchParams.get('after') ?? 0);
    const contacts = Array.from({ length: Math.max(0, Math.min(2, count - after)) }, (_unused, index) => ({ id: `c_${after + index + 1}`, rank: 1, addresses: [{ id: `a_${after + index + 1}` }] }));
    answer(200, { contacts, more: after + contacts.length < count });
  });
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    credentials: { apiKey, url }, wrongCredentials: { apiKey: newKey(), url }, expected: { contacts: count, addresses: count },
    stop: () => new Promise((done) => { server.closeAllConnections(); server.close(() => { done(); }); }),
  };
}

const deliver = (secret: string, at: number): WebhookRequest => {
  const body = Buffer.from('{"id":"e_1","type":"contact.made","at":"2026-11-22T00:00:00Z"}');
  const time = String(Math.floor(at / 1_000));
  return { method: 'POST', url: 'https://hooks.example.com/x', body, receivedAt: at, headers: { signature: createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex'), time } };
};
const harness: ConformanceHarness = { start: (account) => startPartner(account === 'empty' ? 0 : 7), webhook: { newSecret: newKey, deliver, timestamped: true } };

async function* readContacts({ http, checkpoint }: ReadContext): AsyncIterable<Page> {
  let after = (checkpoint?.['after'] as string | undefined) ?? '0';
  for (;;) {
    const { response, records, more } = await contactsAfter(http, after);
    const last = records.at(-1)?.['id'];
    if (last === `c_${after}`) throw new PartnerContractError('The same page came again.');
    after = typeof last === 'string' ? last.slice(2) : after;
    yield pageOf(response, records.length, after);
    if (!more) return;
  }
}
const pageOf = (response: Awaited<ReturnType<ReadContext['http']['send']>>, count: number, after: string): Page =>
  ({ body: response.body, recordsAt: 'contacts', counts: { contacts: count, addresses: count }, observedAt: response.observedAt, request: response.request, checkpoint: { after } });
async function contactsAfter(http: ReadContext['http'], after: string, query = {}) {
  const response = await http.send({ path: '/contacts', collection: 'contacts', query: { after, ...query } });
  const { body, records } = parsePage(response, 'contacts');
  if (typeof body['more'] !== 'boolean') throw new PartnerContractError('The page doesn\'t say whether there is more.');
  return { response, records, more: body['more'] };
}

const normalize: Normalize = (record, meta) => {
  if (meta.component === 'webhook') return [{ collection: 'contact_events', kind: 'event', id: String(record['id']), version: 0, event: 'contact_made', eventText: 'contact.made', timestamp: String(record['at']), data: record }];
  const { addresses, ...contact } = record;
  return [
    { collection: 'contacts', kind: 'object', id: String(contact['id']), version: meta.observedAt, data: contact },
    ...(addresses as { id: string }[]).map((address): NormalizedRecord => ({ collection: 'addresses', kind: 'object', id: address.id, version: meta.observedAt, data: { ...address } })),
  ];
};

const collection = { title: '', description: '', permissions: [], fields: {}, selectedByDefault: true } as const;
const acme = defineConnector({
  declaration: {
    name: 'acme', title: 'Acme', description: '', documentationUrl: '', auth: ['api_key'], limits: { text: '' },
    configuration: [{ name: 'apiKey', type: 'secret', title: '', help: '', required: true }, { name: 'url', type: 'url', title: '', help: '', required: true }],
    collections: [
      { ...collection, name: 'contacts', kind: 'object', components: ['sync'], window: 'changed', callsPerSync: 1 },
      { ...collection, name: 'addresses', kind: 'object', components: ['sync'], partOf: 'contacts', window: 'changed', callsPerSync: 0 },
      { ...collection, name: 'contact_events', kind: 'event', components: ['webhook'], callsPerSync: 0 },
    ],
    webhook: { setup: [], rawCollection: 'webhook', contentTypes: ['application/json'], maxBytes: 1_000 },
  },
  authenticate: ({ apiKey }) => ({ authorization: `Bearer ${apiKey}` }),
  baseUrl: ({ url }) => url ?? '',
  async check({ http }, names = []) {
    const account = await http.send({ path: '/me', collection: 'contacts' }).then((response) => response.json<{ name: string }>().name, (thrown: unknown) => {
      if (thrown instanceof PermissionDeniedError) return 'unnamed';
      throw thrown;
    });
    return { account, access: await checkAccess(names, () => contactsAfter(http, '0')) };
  },
  readers: { contacts: readContacts },
  normalize,
  webhook: hmacVerifier({ header: 'signature', timestamp: { header: 'time', unit: 'seconds' }, signed: '{timestamp}.{body}', hash: 'sha256', encoding: 'hex', deliveryId: { bodyField: 'id' } }),
});

describe('the conformance suite', () => {
  const cases = connectorConformance(acme, harness);

  it.each(cases.map(({ name, run }) => [name, run] as const))('passes a connector that meets the bar: %s', async (_name, run) => { await run(); });

  it('names a clause of the bar once for each case', () => {
    expect(cases.every(({ name }) => /^§\d\.\d+ /.test(name))).toBe(true);
    expect(new Set(cases.map(({ name }) => name.split(' ')[0])).size).toBe(cases.length);
  });

  it('checks exactly the clauses that the README prints in bold', () => {
    const clauses = [...readFileSync('libs/connector-kit/README.md', 'utf8').matchAll(/^- \*\*(§\d\.\d+)\*\* /gm)].map(([, clause]) => clause);
    expect(clauses.sort()).toEqual(cases.map(({ name }) => name.split(' ')[0]).sort());
  });

  const reader = (read: (context: ReadContext) => AsyncIterable<Page>): Partial<Connector> => ({ readers: { contacts: read } });
  const good = acme.readers['contacts']!;
  let tick = 0;

  /** A connector with one fault, and the clause whose case must find it. */
  const mutants: [string, string, Partial<Connector>][] = [
    ['§2.1', 'reports on some collections only', { check: async (context, names) => acme.check(context, names?.slice(1)) }],
    ['§2.2', 'takes any key', { check: async () => ({ account: 'me', access: [] }) }],
    ['§2.3', 'doesn\'t try the collections', { check: async ({ http }, names = []) => { await http.send({ path: '/me', collection: 'contacts', accept: [403] }); return { account: 'me', access: names.map((name) => ({ collection: name, readable: true })) }; } }],
    ['§2.4', 'calls everything a wrong key', { mapError: () => new PermissionDeniedError('no') }],
    ['§2.5', 'calls a wrong key a missing permission', { mapError: () => new PermissionDeniedError('no') }],
    ['§2.6', 'reads nothing where it may not', reader(async function* (context) {
      try { yield* good(context); } catch (thrown) { if (!(thrown instanceof PermissionDeniedError)) throw thrown; }
    })],
    ['§2.7', 'forgets when the limit ends', reader(async function* (context) {
      try { yield* good(context); } catch (thrown) { throw thrown instanceof RateLimitedError ? new RateLimitedError('slow') : thrown; }
    })],
    ['§2.8', 'calls a fault of the partner a broken contract', { mapError: ({ status }) => status === 500 ? new PartnerContractError('broken') : undefined }],
    ['§2.9', 'reads any JSON as an empty page', reader(async function* ({ http }) {
      const response = await http.send({ path: '/contacts', collection: 'contacts' });
      yield pageOf(response, (response.json<{ contacts?: unknown[] } | null>()?.contacts ?? []).length, '0');
    })],
    ['§2.10', 'gives up at the first fault', { shouldRetry: () => false }],
    ['§3.1', 'invents a record', { readers: { contacts: async function* (context) { for await (const page of good(context)) yield { ...page, body: Buffer.from('{"contacts":[{"id":"x","addresses":[]}]}') }; } } }],
    ['§3.2', 'forgets the last page', reader(async function* (context) { let held: Page | undefined; for await (const page of good(context)) { if (held !== undefined) yield held; held = page; } })],
    ['§3.2', 'counts nothing', reader(async function* (context) { for await (const page of good(context)) yield { ...page, counts: {} }; })],
    ['§3.3', 'starts from zero', reader((context) => good({ ...context, checkpoint: undefined }))],
    ['§3.3', 'saves a checkpoint beyond its page', reader(async function* (context) { for await (const page of good(context)) yield { ...page, checkpoint: { after: String(Number(page.checkpoint?.['after']) + 2) } }; })],
    ['§3.4', 'keeps a date in its checkpoint', reader(async function* (context) { for await (const page of good(context)) yield { ...page, checkpoint: { ...page.checkpoint, at: new Date() } }; })],
    ['§3.5', 'believes the partner that there is more', reader(async function* ({ http }) {
      for (let after = '0'; ;) { const { response, records, more } = await contactsAfter(http, after); yield pageOf(response, records.length, after = String(Number(after) + 2)); if (!more) return; }
    })],
    ['§3.6', 'ends quietly when it is cancelled', reader(async function* (context) { try { yield* good(context); } catch { /* as if all were read */ } })],
    ['§3.13', 'forgets the last page of a window', reader(async function* (context) {
      let held: Page | undefined;
      for await (const page of good(context)) { if (held !== undefined) yield held; held = page; }
      if (held !== undefined && context.window === undefined) yield held;
    })],
    ['§3.14', 'states passes of what isn\'t compared', reader(async function* (context) { for await (const page of good(context)) yield { ...page, pass: { ids: [], begins: true, ends: true } }; })],
    ['§4.1', 'looks at what nobody selected', { changeFeed: 'contacts' }],
    ['§4.2', 'costs more than it says', reader(async function* (context) { await context.http.send({ path: '/me', collection: 'contacts' }); yield* good(context); })],
    ['§4.3', 'counts a call for nobody', reader(async function* (context) { await context.http.send({ path: '/me', collection: 'nobody' }); yield* good(context); })],
    ['§4.3', 'goes around the kit', reader(async function* (context) {
      await fetch(`${context.credentials['url']}/me`);
      yield* good(context);
    })],
    ['§5.1', 'normalises by the clock', { normalize: (record, meta) => normalize(record, meta).map((item) => 'failure' in item ? item : { ...item, version: ++tick }) }],
    ['§5.1', 'changes its input', { normalize: (record, meta) => { const items = normalize(record, meta); record['seen'] = true; return items; } }],
    ['§5.2', 'writes a collection that nobody declared', { normalize: (record, meta) => normalize(record, meta).map((item) => 'failure' in item ? item : { ...item, collection: item.collection === 'addresses' ? 'streets' : item.collection }) }],
    ['§6.1', 'puts the key into the address', reader((context) => good({ ...context, http: { send: (request) => context.http.send({ ...request, query: { ...request.query, key: context.credentials['apiKey'] } }) } }))],
    ['§6.1', 'quotes the key in an error', reader(async function* (context) { try { yield* good(context); } catch (cause) { throw new PartnerContractError(`failed with ${context.credentials['apiKey']}`, { cause }); } })],
    ['§6.1', 'warns with the key', reader(async function* (context) { context.warn(JSON.stringify(context.credentials)); yield* good(context); })],
    ['§6.2', 'quotes the signature in its verdict', { webhook: { verify: ({ headers }) => ({ ok: false, reason: `bad: ${String(headers['signature'])}` }) } }],
    ['§7.1', 'knows one secret only', { webhook: { verify: (request, secrets) => acme.webhook!.verify(request, secrets.slice(0, 1)) } }],
    ['§7.2', 'believes everybody', { webhook: { verify: () => ({ ok: true, deliveryId: 'x', secret: 0 }) } }],
    ['§7.3', 'takes an old delivery', { webhook: { verify: (request, secrets) => acme.webhook!.verify({ ...request, receivedAt: Number(request.headers['time']) * 1_000 }, secrets) } }],
    ['§7.4', 'gives each delivery an id of its own', { webhook: { verify: (request, secrets) => { const verdict = acme.webhook!.verify(request, secrets); return verdict.ok ? { ...verdict, deliveryId: String(++tick) } : verdict; } } }],
    ['§7.5', 'drops deliveries', { normalize: (record, meta) => meta.component === 'webhook' ? [] : normalize(record, meta) }],
  ];

  it.each(mutants)('%s finds a connector that %s', async (clause, _fault, change) => {
    const found = connectorConformance({ ...acme, ...change }, harness).find(({ name }) => name.startsWith(`${clause} `));
    await expect(found?.run()).rejects.toThrow();
  });

  describe('where passes are compared', () => {
    const passCase = (alter: (page: Page & { readonly pass: PassPage }, context: ReadContext) => Page, more: Partial<Connector> = {}) => {
      async function* whole(context: ReadContext): AsyncIterable<Page> {
        const begin = context.checkpoint?.['after'] ?? '0';
        let begins = begin === '0';
        for await (const page of good({ ...context, checkpoint: { after: begin } })) {
          const { contacts, more: goesOn } = JSON.parse(page.body.toString('utf8')) as { contacts: { id: string }[]; more: boolean };
          yield alter({ ...page, checkpoint: goesOn ? page.checkpoint ?? {} : {}, pass: { ids: contacts.map(({ id }) => id), begins, ends: !goesOn } }, context);
          begins = false;
        }
      }
      const collections = acme.declaration.collections.map(({ window: _, ...one }) => one.name === 'contacts' ? { ...one, deletedWhenAbsent: true as const, callsPerSync: 4 } : one);
      return connectorConformance({ ...acme, declaration: { ...acme.declaration, collections }, readers: { contacts: whole }, ...more }, harness).find(({ name }) => name.startsWith('§3.14 '));
    };

    it('passes a connector that states them rightly', async () => { await passCase((page) => page)?.run(); });

    it.each<[string, (page: Page & { readonly pass: PassPage }, context: ReadContext) => Page, Partial<Connector>]>([
      ['never says that it ends', (page) => ({ ...page, pass: { ...page.pass, ends: false } }), {}],
      ['leaves a record out', (page) => ({ ...page, pass: { ...page.pass, ids: page.pass.ids.slice(1) } }), {}],
      ['leaves a page out', (page) => page.pass.begins ? page : { ...page, pass: { ...page.pass, ids: [] } }, {}],
      ['begins in the middle', (page, { checkpoint }) => ({ ...page, pass: { ...page.pass, begins: page.pass.begins || page.request.endsWith(`after=${String(checkpoint?.['after'])}`) } }), {}],
      ['ends before the end', (page) => ({ ...page, pass: { ...page.pass, ends: true } }), {}],
      ['gives a record that comes back no newer version', (page) => page, { normalize: (record, meta) => normalize(record, meta).map((item) => 'failure' in item ? item : { ...item, version: 1 }) }],
    ])('finds one that %s', async (_fault, alter, more) => { await expect(passCase(alter, more)?.run()).rejects.toThrow(); });
  });

  it('has a faulty connector for every case', () => {
    const missing = cases.map(({ name }) => name.split(' ')[0] ?? '').filter((clause) => !mutants.some(([found]) => found === clause));
    expect(missing).toEqual([]);
  });

  it('asks for a webhook harness when the connector takes webhooks', () => {
    expect(() => connectorConformance(acme, { start: harness.start })).toThrow('the harness has none');
  });
});
