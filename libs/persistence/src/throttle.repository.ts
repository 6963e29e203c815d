import type { DataSource } from 'typeorm';
import { rows, sha256 } from './database.js';

/** Whose wrong passwords are counted together, and how many of them are free; after that each one doubles the wait. */
export interface Throttle { readonly key: string; readonly free: number }

const LONGEST_WAIT_SECONDS = 900;
/** After so long without another one, wrong passwords are forgotten. */
const FORGOTTEN = "interval '1 hour'";
const OPENS = `failed_at + least(${LONGEST_WAIT_SECONDS}, power(2, least(greatest(failures - $2, 0), 20))) * interval '1 second'`;

/** Counts wrong passwords and requests for all replicas of the gateway. Keys are stored as hashes. */
export class ThrottleRepository {
  constructor(private readonly database: DataSource) {}

  /** Counts a try as a wrong one before it is looked at, so that tries at the same moment don't slip through. @returns seconds to wait; 0: go on */
  async take({ key, free }: Throttle): Promise<number> {
    const hash = sha256(key);
    const taken = await rows(this.database, `
      insert into throttles as t (key, failures, failed_at) values ($1, 1, now())
      on conflict (key) do update set failures = case when t.failed_at < now() - ${FORGOTTEN} then 1 else t.failures + 1 end, failed_at = now()
      where t.failures < $2 or t.failed_at < now() - ${FORGOTTEN} or ${OPENS.replaceAll('fail', 't.fail')} <= now() returning 1`, [hash, free]);
    if (taken.length > 0) return 0;
    const [wait] = await rows<{ seconds: number }>(this.database, `select greatest(1, ceil(extract(epoch from ${OPENS} - now())))::int as seconds from throttles where key = $1`, [hash, free]);
    return wait?.seconds ?? 1;
  }

  /** Takes one of `limit` requests a minute, which come back evenly. @returns seconds until there is one; 0: it was taken */
  async request(key: string, limit: number): Promise<number> {
    const hash = sha256(key);
    const left = `least($2::float8, c.tokens + extract(epoch from now() - c.at) * $2::float8 / 60)`;
    const taken = await rows(this.database, `insert into request_counts as c (key, tokens, at) values ($1, $2::float8 - 1, now()) on conflict (key) do update set tokens = ${left} - 1, at = now() where ${left} >= 1 returning 1`, [hash, limit]);
    if (taken.length > 0) return 0;
    const [wait] = await rows<{ seconds: number }>(this.database, `select greatest(1, ceil((1 - ${left}) * 60 / $2::float8))::int as seconds from request_counts as c where key = $1`, [hash, limit]);
    return wait?.seconds ?? 1;
  }

  /**
   * Reports what a gateway let through of requests that are limited to `limit` a minute, all keys in one statement.
   * @returns what is left of each key's for all gateways together; below 0 when they let more through before they knew of each other
   */
  async share(limit: number, taken: ReadonlyMap<string, number>): Promise<Map<string, number>> {
    const keys = new Map([...taken.keys()].map((key) => [sha256(key), key]));
    // In one order, so that two gateways don't wait for each other's rows.
    const left = await rows<{ key: string; tokens: number }>(this.database, `insert into request_counts as c (key, tokens, at)
      select key, $1::float8 - taken, now() from unnest($2::text[], $3::float8[]) as t (key, taken) order by key
      on conflict (key) do update set tokens = greatest(-$1::float8, least($1::float8, c.tokens + greatest(0, extract(epoch from now() - c.at)) * $1::float8 / 60) - ($1::float8 - excluded.tokens)), at = now()
      returning key, tokens`, [limit, [...keys.keys()], [...taken.values()]]);
    return new Map(left.map(({ key, tokens }) => [keys.get(key) ?? '', tokens]));
  }

  /** The try was a right one: it counts no more, nor do those before it when `all`. */
  async forgive(key: string, all: boolean): Promise<void> {
    await rows(this.database, 'delete from throttles where key = $1 and ($2 or failures <= 1)', [sha256(key), all]);
    await rows(this.database, 'update throttles set failures = failures - 1 where key = $1', [sha256(key)]);
  }

  /** Whether the person signed in from there in the last 90 days. */
  async knows(userId: string, address: string): Promise<boolean> {
    return (await rows(this.database, `select 1 from known_addresses where user_id = $1 and address = $2 and seen_at > now() - interval '90 days'`, [userId, sha256(address)])).length > 0;
  }

  async learn(userId: string, address: string): Promise<void> {
    await rows(this.database, 'insert into known_addresses (user_id, address) values ($1, $2) on conflict (user_id, address) do update set seen_at = now()', [userId, sha256(address)]);
  }
}
