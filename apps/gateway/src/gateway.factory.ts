import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Global, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { RunRepository, openDatabase, type DataSource } from '#persistence';
import { Health, Logger, Metrics, loadConfig } from '#platform';
import { GatewayConfig } from './gateway.config.js';
import { GatewayModule } from './gateway.module.js';
import { configureHttp, httpAdapter } from './http/configure-http.js';

export const random = (): string => randomBytes(18).toString('hex');

/** The id of nothing. */
export const anyId = '018f0000-0000-7000-8000-000000000000';

/** What the specs read of any answer. */
export interface Body {
  readonly id: string; readonly name: string; readonly slug: string; readonly state: string; readonly code: string; readonly key: string; readonly url: string; readonly previousUntil: string;
  readonly collections: readonly string[]; readonly selected: boolean; readonly warehouseId: string | null; readonly intervalMinutes: number; readonly nextRunAt: string; readonly createdAt: string;
  readonly authorizeUrl: string; readonly grantId: string; readonly enabled: boolean; readonly workspace: Body; readonly configuration: readonly Body[]; readonly secrets: readonly Body[]; readonly nextCursor: string | null;
  readonly errors: readonly [{ readonly field: string; readonly message: string }]; readonly data: readonly [Body, ...Body[]];
}
export interface Answer { readonly status: number; readonly headers: Record<string, string>; readonly body: Body; readonly text: string }

/** An answer without a body: reading it is the spec's mistake. */
const NO_BODY = undefined as unknown as Body;

export interface TestGateway {
  readonly url: string;
  /** A second connection to its control database. */
  readonly database: DataSource;
  readonly ownerKey: string;
  readonly password: string;
  readonly vaultKeys: string;
  /** Every route that it has, `METHOD /path/:parameter`. */
  readonly routes: readonly string[];
  /** A server that speaks enough of Stripe's API to test a key, the only key that it takes, and how often it was called. */
  readonly partner: { readonly baseUrl: string; readonly key: string; calls(): number };
  /** Below /api/v1, as the owner unless other headers are given. */
  call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, payload?: object, headers?: Record<string, string>): Promise<Answer>;
  send(method: string, path: string, headers: Record<string, string>, payload: string | null): Promise<Answer>;
  /** The body that creates a source. */
  source(more?: object): object;
  /** Signs in; the header that says so. */
  session(email?: string, password?: string): Promise<{ readonly cookie: string }>;
  /** Creates one with event collections only. */
  made(more?: object): Promise<string>;
  /** Ends the source's newest run as a fetcher would. */
  endRun(sourceId: string, state: 'succeeded' | 'failed', code?: 'authentication_failed'): Promise<string>;
  close(): Promise<void>;
}

export const eventOnly = { collections: ['customer_events'] };

async function startPartner(key: string) {
  let calls = 0;
  const server = createServer((request, response) => {
    calls += 1;
    const right = request.headers.authorization === `Bearer ${key}`;
    response.writeHead(right ? 200 : 401, { 'content-type': 'application/json' })
      .end(JSON.stringify(right ? { id: 'acct_1', object: 'account', email: 'a@example.com' } : { error: { type: 'invalid_request_error', message: 'Invalid API Key provided' } }));
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { server, partner: { key, baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls: () => calls } };
}

export interface TestGatewayOptions {
  /** More of the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Makes the application of its root module, e.g. with other connectors. */
  readonly create?: (root: Type) => Promise<NestFastifyApplication>;
}

/** A whole gateway over HTTP on a free port, for the specs. */
export async function startGateway(databaseUrl: string, brokers: readonly string[], topicPrefix: string, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { server, partner } = await startPartner(`sk_test_${random()}`);
  const [ownerKey, password, vaultKeys] = [`cs_${random()}`, random(), `k1:${randomBytes(32).toString('base64')}`];
  const config = loadConfig(GatewayConfig, {
    KAFKA_BROKERS: brokers.join(','), TOPIC_PREFIX: topicPrefix, DATABASE_URL: databaseUrl, VAULT_KEYS: vaultKeys, ALLOW_PRIVATE_ADDRESSES: 'true', SECURE_COOKIES: 'false',
    BOOTSTRAP_OWNER_EMAIL: 'owner@example.com', BOOTSTRAP_OWNER_PASSWORD: password, BOOTSTRAP_API_KEY: ownerKey, WEBHOOK_PUBLIC_URL: 'https://hooks.example.com/', ...options.env,
  }, () => '');
  const metrics = new Metrics('gateway');
  const values = [{ provide: GatewayConfig, useValue: config }, { provide: Logger, useValue: Logger.create('gateway', 'silent') }, { provide: Metrics, useValue: metrics }, { provide: Health, useValue: new Health(metrics) }];
  @Global()
  @Module({ imports: [GatewayModule], providers: values, exports: values.map(({ provide }) => provide) })
  class Root {}
  const routes: string[] = [];
  const create = (root: Type): Promise<NestFastifyApplication> => {
    const adapter = httpAdapter(config);
    adapter.getInstance().addHook('onRoute', ({ method, url }) => { routes.push(...[method].flat().map((one) => `${one} ${url}`)); });
    return NestFactory.create<NestFastifyApplication>(root, adapter, { logger: false, abortOnError: false });
  };
  const app = await (options.create ?? create)(Root);
  configureHttp(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const database = await openDatabase({ url: databaseUrl, applicationName: 'spec' });

  const send: TestGateway['send'] = async (method, path, headers, payload) => {
    const answer = await fetch(`${url}${path}`, { method, headers, body: payload, redirect: 'manual' });
    const text = await answer.text();
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text, body: /json/.test(answer.headers.get('content-type') ?? '') && text !== '' ? JSON.parse(text) as Body : NO_BODY };
  };
  const call: TestGateway['call'] = (method, path, payload, headers = { authorization: `Bearer ${ownerKey}` }) =>
    send(method, `/api/v1${path}`, { ...headers, ...(payload !== undefined && { 'content-type': 'application/json' }) }, payload === undefined ? null : JSON.stringify(payload));
  const source = (more: object = {}): object => ({ connector: 'stripe', name: 'Stripe – Größe', configuration: { apiKey: partner.key, baseUrl: partner.baseUrl }, ...more });

  return {
    url, database, ownerKey, password, vaultKeys, routes, partner, call, send, source,
    session: async (email = 'owner@example.com', word = password) => {
      const answer = await call('POST', '/session', { email, password: word }, {});
      if (answer.status !== 204) throw new Error(`${email} can't sign in: ${answer.text}`);
      return { cookie: String(answer.headers['set-cookie']).split(';')[0]! };
    },
    made: async (more = {}) => {
      const answer = await call('POST', '/sources', source({ ...eventOnly, ...more }));
      if (answer.status !== 201) throw new Error(`the source was not created: ${answer.text}`);
      return answer.body.id;
    },
    endRun: async (sourceId, state, code) => {
      const runs = new RunRepository(database);
      const { data: [{ id }] } = (await call('GET', `/sources/${sourceId}/runs`)).body;
      const claimed = await runs.claim(id, 'spec', 60_000);
      await runs.finish(id, claimed?.token ?? 0, state, code && { code, title: 'Refused.', remedy: 'Enter new credentials.' });
      return id;
    },
    close: async () => {
      await app.close();
      await database.destroy();
      server.close();
    },
  };
}
