import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeadLetterRepository } from '#persistence';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { anyId, startGateway, type TestGateway } from './gateway.factory.js';
import { operationsOf, sampleBody, type Operation } from './docs/operations.factory.js';

/**
 * Every route of the OpenAPI document, asked by everybody: nobody, each role, API keys, and another workspace that knows the
 * first one's real ids. A new route is walked as soon as it is in the document; one with an id in its path needs something to
 * be found in `furnish`.
 */
const ROLES = ['owner', 'editor', 'viewer'] as const;
type Headers = Record<string, string>;

/** All that answers without credentials. The console and the documents aren't in the OpenAPI document. */
const PUBLIC = ['POST /api/v1/session', 'GET /api/v1/oauth/callback', 'POST /api/v1/invitations/look-up', 'POST /api/v1/invitations/accept', 'GET /api/v1/sign-in-options', 'GET /api/v1/oidc/start', 'GET /api/v1/oidc/callback'];
const UNDOCUMENTED = ['GET /', 'GET /*', 'GET /api/docs', 'GET /api/docs-json', 'GET /api/docs/asyncapi.json', 'GET /api/docs/schemas.json', 'GET /api/docs/ui/:file'];

let control: TestDatabase;
let gateway: TestGateway;
let operations: readonly Operation[];
let keys: Record<(typeof ROLES)[number], Headers>;
let owner: Headers;
let stranger: { readonly session: Headers; readonly key: Headers };
/** Of the first workspace, by path template: the same path with ids of things that are there. */
const real = new Map<string, string>();

const bearer = (key: string): Headers => ({ authorization: `Bearer ${key}` });
const withIds = (template: string, id: string): string => template.replace(/\{(\w+)\}/g, (_, name: string) => (name === 'connector' ? 'zendesk' : id));
const named = ({ method, template }: Operation): string => `${method} ${template}`;

/** Only the status and the text of what comes at once: a stream of events never ends. */
async function ask({ method, template, schema }: Operation, path: string, headers: Headers): Promise<{ readonly status: number; readonly text: string }> {
  const stop = new AbortController();
  const body = schema === undefined ? undefined : JSON.stringify(sampleBody(schema));
  const answer = await fetch(`${gateway.url}${path}`, { method, signal: stop.signal, redirect: 'manual', headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) }, ...(body !== undefined && { body }) });
  const streams = template.endsWith('/live') && answer.status === 200;
  const text = streams ? '' : await answer.text();
  stop.abort();
  return { status: answer.status, text };
}

/** One of everything, in the workspace of the owner. */
async function furnish(): Promise<Record<string, string>> {
  const { call, database } = gateway;
  const source = await gateway.made();
  const { body: { data: [run] } } = await call('GET', `/sources/${source}/runs`);
  const { body: warehouse } = await call('POST', '/warehouses', { name: 'Warehouse', url: control.url });
  expect((await call('PUT', `/warehouses/${warehouse.id}/saved-queries`, { name: 'Saved', statement: 'select 1' })).status).toBe(200);
  expect((await call('POST', `/sources/${source}/verify`)).status).toBe(202);
  expect((await call('POST', '/invitations', { email: 'invited@example.com', role: 'viewer' })).status).toBe(201);
  const [{ id: workspaceId }] = await database.query('select id from workspaces order by id limit 1') as [{ id: string }];
  // Not run: it would make a login on the server.
  await database.query(`insert into sql_queries (id, workspace_id, warehouse_id, kind, author, statement, state, deadline) values (uuid_v7(), $1, $2, 'query', 'owner', 'select 1', 'succeeded', now())`, [workspaceId, warehouse.id]);
  for (const kind of ['audience', 'trait']) {
    await database.query(`with made as (insert into models (id, workspace_id, warehouse_id, kind, name, slug, statement, author) values (uuid_v7(), $1, $2, $3, 'All', 'everybody', 'select 1', 'owner') returning id)
      insert into model_runs (id, model_id, warehouse_id, trigger, state, size) select uuid_v7(), id, $2, 'change', 'succeeded', 1 from made`, [workspaceId, warehouse.id, kind]);
  }
  for (const kind of ['metric', 'segment']) {
    // As measured just now, for the same reason.
    await database.query(`insert into measures (id, workspace_id, kind, warehouse_id, name, sql, measured_at) values (uuid_v7(), $1, $2, $3, 'One', 'select 1 as value', now())`, [workspaceId, kind, warehouse.id]);
  }
  const { body: destination } = await call('POST', '/destinations', { kind: 'webhook', name: 'Receiver', url: 'http://127.0.0.1:9/' });
  await database.query(`insert into deliveries (id, destination_id, message_id, event, order_key, topic, partition, kafka_offset, headers, bytes, state, finished_at) values (uuid_v7(), $1, 'm', 'e', 'k', 't', 0, 0, '{}', 0, 'failed', now())`, [destination.id]);
  await new DeadLetterRepository(database).keep('cs.dead-letter.normalizer', 0, [{
    letter: { service: 'normalizer', reason: 'not_json', message: 'not JSON', topic: 'cs.raw.stripe', partition: 0, offset: '0', workspaceId, connector: 'stripe', collection: 'customers' },
    at: new Date(), key: null, value: Buffer.from('x'), headers: {}, offset: '0',
  }], '1');
  return { connector: 'zendesk', sourceId: source, '/api/v1/runs/{id}': run.id };
}

/** Ids come from the list that the parameter stands behind, unless `furnish` says which. */
async function realPath(template: string, given: Record<string, string>): Promise<string | undefined> {
  let path = '';
  for (const part of template.split('/').slice(1)) {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) { path += `/${part}`; continue; }
    const listed = async (): Promise<string | undefined> => (JSON.parse((await ask({ method: 'GET', template: path } as Operation, path, owner)).text) as { data?: readonly { id: string }[] }).data?.[0]?.id;
    const id = given[name] ?? given[`${path}/{${name}}`] ?? await listed();
    if (id === undefined) return undefined;
    path += `/${id}`;
  }
  return path;
}

/** Joins the owner's current workspace. */
async function join(email: string, role: string): Promise<Headers> {
  const { body: { url } } = await gateway.call('POST', '/invitations', { email, role }, owner);
  const answer = await gateway.call('POST', '/invitations/accept', { token: url.split('#')[1], password: `password of ${email}` }, {});
  return { cookie: String(answer.headers['set-cookie']).split(';')[0]! };
}
const keyOf = async (role: string): Promise<Headers> => bearer((await gateway.call('POST', '/api-keys', { name: role, role }, owner)).body.key);

beforeAll(async () => {
  control = await testDatabase();
  gateway = await startGateway(control.url, await testKafka(), `${randomName()}.`, { env: { RATE_LIMIT_PER_MINUTE: '0', RATE_LIMIT_ANONYMOUS_PER_MINUTE: '0' } });
  operations = operationsOf((await gateway.send('GET', '/api/docs-json', {}, null)).text);
  owner = await gateway.session();
  const given = await furnish();
  keys = { owner: await keyOf('owner'), editor: await keyOf('editor'), viewer: await keyOf('viewer') };
  for (const role of ROLES) await join(`${role}@walk.example.com`, role);
  // Not the owner, who is in the other workspace as well.
  given['/api/v1/members/{id}'] = (await gateway.call('GET', '/members')).body.data.at(-1)!.id;

  const first = (await gateway.call('GET', '/session', undefined, owner)).body.workspace.id;
  const { body: other } = await gateway.call('POST', '/workspaces', { name: 'Other' }, owner);
  await gateway.call('PUT', '/session/workspace', { workspaceId: other.id }, owner);
  stranger = { key: await keyOf('owner'), session: await join('stranger@example.com', 'owner') };
  await gateway.call('PUT', '/session/workspace', { workspaceId: first }, owner);

  for (const { template } of operations) {
    if (!template.includes('{') || real.has(template)) continue;
    const path = await realPath(template, given);
    if (path !== undefined) real.set(template, path);
  }
}, 120_000);
afterAll(async () => {
  // Logins are the whole server's, so they don't go with the database.
  for (const { role } of await gateway.database.query('select role from warehouse_readers') as { role: string }[]) await gateway.database.query(`drop owned by ${role} cascade; drop role ${role}`);
  await gateway?.close();
  await control?.drop();
}, 60_000);

describe('every route', () => {
  it('is in the OpenAPI document, or is the console or a document', () => {
    const documented = operations.map((operation) => named(operation).replace(/\{(\w+)\}/g, ':$1'));
    const others = gateway.routes.filter((route) => !route.startsWith('HEAD ') && !documented.includes(route));
    expect(others.filter((route) => !UNDOCUMENTED.includes(route))).toEqual([]);
  });

  it('has something of the first workspace to be asked about', () => {
    const missing = [...new Set(operations.map(({ template }) => template))].filter((template) => template.includes('{') && !real.has(template));
    expect(missing.map((template) => `${template}: make one in furnish()`)).toEqual([]);
  });

  it('refuses who has no credentials, but for those that are listed here', async () => {
    const wrong: string[] = [];
    for (const operation of operations) {
      const { status } = await ask(operation, real.get(operation.template) ?? operation.template, {});
      const listed = PUBLIC.includes(named(operation));
      if (listed !== operation.public) wrong.push(`${named(operation)} is ${operation.public ? '' : 'not '}declared public`);
      if (!listed && status !== 401) wrong.push(`${named(operation)} answers nobody with ${status}`);
      if (status >= 500) wrong.push(`${named(operation)} fails with ${status}`);
    }
    expect(wrong).toEqual([]);
  }, 60_000);

  it('refuses API keys that don\'t exist', async () => {
    const wrong: string[] = [];
    for (const operation of operations.filter(({ template }) => !template.includes('callback'))) {
      const { status } = await ask(operation, withIds(operation.template, anyId), bearer(`cs_${'x'.repeat(43)}`));
      if (!operation.public && status !== 401) wrong.push(`${named(operation)}: ${status}`);
    }
    expect(wrong).toEqual([]);
  }, 60_000);

  it.each(ROLES)('lets an API key and a person who are %s do what the document says, and nothing more', async (role) => {
    const wrong: string[] = [];
    for (const operation of operations.filter((one) => !one.public)) {
      const allowed = ROLES.indexOf(role) <= ROLES.indexOf(operation.role as (typeof ROLES)[number]);
      // What is refused is asked about what is there; what is allowed, about nothing: it must still be there for the next one.
      const path = allowed ? withIds(operation.template, anyId) : real.get(operation.template) ?? operation.template;
      const check = (who: string, status: number, may: boolean): void => {
        if (may ? status === 401 || status === 403 || status >= 500 : status !== 403) wrong.push(`${named(operation)} answers ${who} with ${status}`);
      };
      check(`a key of ${role}`, (await ask(operation, path, keys[role])).status, allowed && !operation.person);
      if (operation.person) check(role, (await ask(operation, path, await gateway.session(`${role}@walk.example.com`, `password of ${role}@walk.example.com`))).status, allowed);
    }
    expect(wrong).toEqual([]);
  }, 120_000);
});

describe('a null', () => {
  it('is refused where the document has none, and fails nothing', async () => {
    const wrong: string[] = [];
    for (const operation of operations.filter(({ schema, ...one }) => !one.public && schema?.properties !== undefined)) {
      for (const [name, property] of Object.entries(operation.schema?.properties ?? {})) {
        if (JSON.stringify(property).includes('"null"') || JSON.stringify(property).includes('"nullable":true')) continue;
        const body = { ...sampleBody(operation.schema ?? {}) as object, [name]: null };
        const answer = await fetch(`${gateway.url}${withIds(operation.template, anyId)}`, { method: operation.method, headers: { ...owner, 'content-type': 'application/json' }, body: JSON.stringify(body) });
        if (answer.status !== 400) wrong.push(`${named(operation)} ${name}: ${answer.status}`);
      }
    }
    expect(wrong).toEqual([]);
  }, 60_000);
});

describe('another workspace', () => {
  const withoutTimes = (text: string): string => text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'T');
  const state = async (): Promise<string[]> => {
    // Members of a segment are read in the warehouse, by a login that would be made there; the schedule and the overview go on with the clock.
    const reads = operations.filter(({ method, template }) => method === 'GET' && !/live|callback|account|audit-log|suggestion|oidc|segments.*members|schedule$|overview/.test(template));
    return Promise.all(reads.map(async (operation) => {
      const { status, text } = await ask(operation, real.get(operation.template) ?? operation.template, owner);
      // Kafka is asked of retention and positions, and nobody made this run's topics there.
      expect([operation.template, status]).toEqual([operation.template, /(replay|arrival)$/.test(operation.template) ? expect.any(Number) : 200]);
      return `${operation.template} ${withoutTimes(text)}`;
    }));
  };

  it('sees none of it in a list', async () => {
    const ids = [...new Set([...real.values()].flatMap((path) => path.match(/[0-9a-f-]{36}/g) ?? []))];
    expect(ids.length).toBeGreaterThan(5);
    for (const operation of operations.filter(({ method, template, ...one }) => method === 'GET' && !one.public && !template.includes('{'))) {
      const { text } = await ask(operation, operation.template, stranger.session);
      expect([operation.template, ids.filter((id) => text.includes(id))]).toEqual([operation.template, []]);
    }
  }, 60_000);

  it('can\'t tell what is here from what is nowhere, and changes nothing of it', async () => {
    const before = await state();
    const wrong: string[] = [];
    for (const operation of operations.filter(({ template, ...one }) => !one.public && /\{(?!connector\})/.test(template))) {
      for (const who of ['key', 'session'] as const) {
        if (operation.person && who === 'key') continue;
        const [mine, none] = [await ask(operation, real.get(operation.template) ?? '', stranger[who]), await ask(operation, withIds(operation.template, anyId), stranger[who])];
        if (mine.status < 400 || mine.status >= 500 || mine.status !== none.status || mine.text !== none.text) wrong.push(`${named(operation)} (${who}): ${mine.status} ${mine.text}, for nothing ${none.status} ${none.text}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(await state()).toEqual(before);
  }, 120_000);
});
