import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { FastifyReply } from 'fastify';
import { ThrottleRepository, migrate, openDatabase } from '#persistence';
import { Logger } from '#platform';
import { testDatabase, type TestDatabase } from '#testing';
import { GatewayConfig } from '../gateway.config.js';
import { RateLimit } from './rate-limit.js';

let test: TestDatabase;
let database: Awaited<ReturnType<typeof openDatabase>>;

beforeAll(async () => {
  test = await testDatabase();
  database = await openDatabase({ url: test.url, applicationName: 'spec' });
  await migrate(database);
}, 60_000);
afterAll(async () => { await database.destroy(); await test.drop(); }, 30_000);

class Counted extends ThrottleRepository {
  statements = 0;
  override share(...args: Parameters<ThrottleRepository['share']>): Promise<Map<string, number>> { this.statements += 1; return super.share(...args); }
}
class AwayAtFirst extends Counted {
  override share(...args: Parameters<ThrottleRepository['share']>): Promise<Map<string, number>> { return this.statements++ === 0 ? Promise.reject(new Error('away')) : super.share(...args); }
}

const limiter = (requestsPerMinute: number, shared = new ThrottleRepository(database)): RateLimit => new RateLimit(Object.assign(new GatewayConfig(), { requestsPerMinute, anonymousRequestsPerMinute: 0 }), shared, Logger.create('spec', 'silent'));
const reply = { header: () => reply } as unknown as FastifyReply;
/** How many of them are let through. */
const ask = (limit: RateLimit, who: string, requests: number): number => Array.from({ length: requests }, () => {
  try {
    limit.caller(who, reply);
    return 1;
  } catch {
    return 0;
  }
}).reduce((sum: number, one) => sum + one, 0);

// One request comes back after fifteen seconds.
it('gateways know what the others let through, and make up for what was too much', async () => {
  const [first, second, third] = [limiter(4), limiter(4), limiter(4)];
  expect([ask(first, 'a', 6), ask(second, 'a', 3), ask(second, 'b', 1)]).toEqual([4, 3, 1]);
  await Promise.all([first.beforeApplicationShutdown(), second.beforeApplicationShutdown()]);
  // Seven of four: the eighth is the last one before this gateway knows.
  expect(ask(third, 'a', 1)).toBe(1);
  await third.beforeApplicationShutdown();
  expect([ask(third, 'a', 5), ask(third, 'b', 1)]).toEqual([0, 1]);
  const [{ owed }] = await database.query('select min(tokens) as owed from request_counts') as [{ owed: number }];
  expect(Math.round(owed)).toBe(-4);
}, 30_000);

it('a request costs no statement', async () => {
  const shared = new Counted(database);
  const limit = limiter(1_000, shared);
  for (let who = 0; who < 20; who++) ask(limit, `many ${who}`, 50);
  expect(shared.statements).toBe(0);
  await limit.beforeApplicationShutdown();
  expect(shared.statements).toBe(1);
}, 30_000);

it('a gateway that can\'t tell the others counts alone, and tells them later', async () => {
  const [alone, other] = [limiter(4, new AwayAtFirst(database)), limiter(4)];
  expect(ask(alone, 'c', 3)).toBe(3);
  await alone.beforeApplicationShutdown();
  expect(ask(alone, 'c', 3)).toBe(1);
  await alone.beforeApplicationShutdown();
  expect(ask(other, 'c', 1)).toBe(1);
  await other.beforeApplicationShutdown();
  expect(ask(other, 'c', 1)).toBe(0);
}, 30_000);
