import type { ErrorReport } from '#contracts';
import { admit, pauseAccount, withReadings, type AccountState, type Admission, type Quota, type QuotaReading } from '#connector-kit';
import type { DataSource, EntityManager } from 'typeorm';
import { jsonb, newId, rows } from './database.js';

/** A call of a source that asks to be admitted; its budget and what is used of it are known here. */
export type CallRequest = Omit<Admission, 'budget' | 'used' | 'reserve'> & { readonly sourceId: string };

/** What is known of an account at a partner, as its workspace sees it. */
export interface AccountView {
  /** The partner's own id of it; undefined when the credentials may not tell. */
  readonly account: string | undefined;
  /** Slugs of its sources. */
  readonly sources: readonly string[];
  readonly quotas: readonly (QuotaReading & { /** Calls of ours within the partner's window, before it was read. */ readonly ours: number })[];
  /** Calls that were admitted today (UTC): this source's, and all of the account. */
  readonly today: { readonly source: number; readonly account: number };
  /** Calls of the account's other sources in the last 24 hours. */
  readonly othersLastDay: number;
}

interface LockedAccount { readonly id: string; readonly state: AccountState; readonly budget: number | null; readonly reserve: number }

/** An account as this process left it with its last call, and the database's clock then (milliseconds) with ours, which only moves forward. */
interface Remembered { readonly account: Pick<LockedAccount, 'id' | 'state' | 'reserve'>; readonly clock: number; readonly at: number }

/** The source reads another account than the new credentials belong to. */
export class OtherAccount extends Error {
  /** @param known the partner's id of the account that it reads */
  constructor(readonly known: string) { super(`The source reads the account ${known}.`); }
}

const MOST_REMEMBERED = 10_000;
/** Nobody looks at it where there is no budget. */
const NONE_USED = { source: 0, account: 0 } as const;

/** A source with a budget, or one that belongs to another account by now, is not admitted this way. */
const ADMIT_KNOWN = `
  with taken as (update partner_accounts a set state = $4::jsonb from sources s where a.id = $1 and s.id = $2 and s.account_id = a.id and s.daily_call_budget is null
    and s.partner_reserve_percent / 100.0::float8 = $5::float8 and a.state = $3::jsonb returning a.id),
  counted as (insert into account_calls (account_id, source_id, hour, calls) select id, $2, date_trunc('hour', clock_timestamp() at time zone 'UTC') at time zone 'UTC', 1 from taken
    on conflict (account_id, source_id, hour) do update set calls = account_calls.calls + excluded.calls)
  select (extract(epoch from clock_timestamp()) * 1000)::float8 as now from taken`;

const TODAY = `date_trunc('day', now() at time zone 'UTC') at time zone 'UTC'`;

/**
 * Accounts at partners. Sources of one account, in whatever process their runs are, share its rates and limits: everybody who
 * calls takes a slot in the account's row first. The row's lock is the queue, the database's clock the only one, and a slot
 * that was taken is counted before its call is made: a process that dies can't make anybody call too much.
 */
export class PartnerAccountRepository {
  /** By source. */
  private readonly remembered = new Map<string, Remembered>();
  /** Of the calls that ask now, by source, the last one's end. */
  private readonly turns = new Map<string, Promise<void>>();

  constructor(private readonly database: DataSource) {}

  /** @returns milliseconds to wait, above `maxWaitMs` nothing was taken; or why the source may not call */
  admit(request: CallRequest): Promise<{ readonly waitMs: number } | { readonly refused: ErrorReport }> {
    // One after the other: at the same time they would find that each other's state isn't there any more.
    const turn = (this.turns.get(request.sourceId) ?? Promise.resolve()).then(async () => await this.admitKnown(request) ?? await this.admitLocked(request));
    const done: Promise<void> = turn.then(() => undefined, () => undefined).then(() => { if (this.turns.get(request.sourceId) === done) this.turns.delete(request.sourceId); });
    this.turns.set(request.sourceId, done);
    return turn;
  }

  /**
   * One statement instead of a transaction: the account's next state takes the place of the one that this process left, if that
   * is still there. Undefined when somebody else called in the meantime, when calls must be counted first, or when there is no slot.
   */
  private async admitKnown({ sourceId, ...call }: CallRequest): Promise<{ readonly waitMs: number } | undefined> {
    const known = this.remembered.get(sourceId);
    if (known === undefined || call.limits.callsPerDay !== undefined) return undefined;
    const { account: { id, state, reserve }, clock, at } = known;
    // Behind the database's clock by the way of its answer, never ahead of it.
    const answer = admit(state, { ...call, budget: null, reserve, used: NONE_USED }, clock + performance.now() - at);
    if (answer.refused !== undefined || answer.waitMs > call.maxWaitMs) return undefined;
    const [taken] = await rows<{ now: number }>(this.database, ADMIT_KNOWN, [id, sourceId, jsonb(state), jsonb(answer.state), reserve]);
    if (taken === undefined) { this.remembered.delete(sourceId); return undefined; }
    this.remembered.set(sourceId, { account: { id, state: answer.state, reserve }, clock: taken.now, at: performance.now() });
    return { waitMs: answer.waitMs };
  }

  private admitLocked({ sourceId, ...call }: CallRequest): Promise<{ readonly waitMs: number } | { readonly refused: ErrorReport }> {
    return this.locked(sourceId, async (tx, { id, state, budget, reserve }) => {
      const [used] = await rows<{ source: number; account: number; now: number }>(tx, `
        select coalesce(sum(calls) filter (where source_id = $2), 0)::float8 as source, coalesce(sum(calls) filter (where account_id = $1), 0)::float8 as account,
          (extract(epoch from clock_timestamp()) * 1000)::float8 as now
        from account_calls where hour >= ${TODAY} and (account_id = $1 or source_id = $2)`, [id, sourceId]);
      if (used === undefined) throw new Error('the account\'s calls can\'t be counted');
      const at = performance.now();
      const answer = admit(state, { ...call, budget, reserve, used }, used.now);
      const taken = answer.refused === undefined && answer.waitMs <= call.maxWaitMs;
      await keep(tx, id, answer.state);
      if (taken) await countCalls(tx, id, sourceId, 1);
      // Should this be rolled back, the next statement finds another state.
      this.remember(sourceId, { account: { id, state: answer.state, reserve }, clock: used.now, at });
      return answer.refused === undefined ? { waitMs: answer.waitMs } : { refused: answer.refused.report() };
    });
  }

  private remember(sourceId: string, known: Remembered): void {
    if (this.remembered.size >= MOST_REMEMBERED) this.remembered.clear();
    this.remembered.set(sourceId, known);
  }

  /** The partner wants no call to the endpoint for so long, from nobody. */
  async pause(sourceId: string, limits: Admission['limits'], endpoint: string, ms: number): Promise<void> {
    await this.locked(sourceId, async (tx, { id, state }) => {
      await keep(tx, id, pauseAccount(state, limits, endpoint, ms, await clock(tx)));
    });
  }

  /** What the partner said of its limit. */
  async note(sourceId: string, quotas: readonly Quota[]): Promise<void> {
    if (quotas.length === 0) return;
    await this.locked(sourceId, async (tx, { id, state }) => {
      await keep(tx, id, { ...state, quotas: withReadings(state.quotas ?? [], quotas, await clock(tx)) });
    });
  }

  async view(sourceId: string): Promise<AccountView> {
    return this.locked(sourceId, async (tx, { id, state }) => {
      const [account] = await rows<{ account: string; sources: string[] }>(tx, `
        select account, array(select slug from sources where account_id = $1 and deleted_at is null order by slug) as sources from partner_accounts where id = $1`, [id]);
      const [today] = await rows<AccountView['today']>(tx, `
        select coalesce(sum(calls) filter (where source_id = $2), 0)::float8 as source, coalesce(sum(calls) filter (where account_id = $1), 0)::float8 as account
        from account_calls where hour >= ${TODAY} and (account_id = $1 or source_id = $2)`, [id, sourceId]);
      const [others] = await rows<{ calls: number }>(tx, `
        select coalesce(sum(calls), 0)::float8 as calls from account_calls where account_id = $1 and source_id <> $2 and hour > now() - interval '24 hours'`, [id, sourceId]);
      const quotas: AccountView['quotas'][number][] = [];
      for (const { since, ...reading } of state.quotas ?? []) {
        const [counted] = await rows<{ calls: number }>(tx, `select coalesce(sum(calls), 0)::float8 as calls from account_calls
          where account_id = $1 and hour > to_timestamp($2::float8 / 1000) - $3::float8 * interval '1 ms'`, [id, reading.readAt, reading.windowMs]);
        quotas.push({ ...reading, since, ours: Math.max(0, (counted?.calls ?? 0) - since) });
      }
      return { account: account === undefined || isOwn(account.account) ? undefined : account.account, sources: account?.sources ?? [], quotas, today: today ?? { source: 0, account: 0 }, othersLastDay: others?.calls ?? 0 };
    });
  }

  /** A source from before there were accounts gets one of its own. */
  private locked<T>(sourceId: string, work: (tx: EntityManager, account: LockedAccount) => Promise<T>): Promise<T> {
    return this.database.transaction(async (tx) => {
      const find = (): Promise<LockedAccount[]> => rows<LockedAccount>(tx, `
        select a.id, a.state, s.daily_call_budget as budget, s.partner_reserve_percent / 100.0::float8 as reserve
        from sources s join partner_accounts a on a.id = s.account_id where s.id = $1 for update of a`, [sourceId]);
      let [account] = await find();
      if (account === undefined) {
        const [source] = await rows<{ workspaceId: string; connector: string }>(tx, 'select workspace_id as "workspaceId", connector from sources where id = $1', [sourceId]);
        if (source !== undefined) await joinAccount(tx, { id: sourceId, ...source });
        [account] = await find();
      }
      if (account === undefined) throw new Error(`There is no source ${sourceId}.`);
      return work(tx, account);
    });
  }
}

const keep = (tx: EntityManager, id: string, state: AccountState): Promise<unknown[]> => rows(tx, 'update partner_accounts set state = $2::jsonb where id = $1', [id, jsonb(state)]);

const clock = async (tx: EntityManager): Promise<number> => (await rows<{ now: number }>(tx, 'select (extract(epoch from clock_timestamp()) * 1000)::float8 as now'))[0]?.now ?? Date.now();

const countCalls = (tx: EntityManager, accountId: string, sourceId: string, calls: number): Promise<unknown[]> => rows(tx, `
  insert into account_calls (account_id, source_id, hour, calls) values ($1, $2, date_trunc('hour', clock_timestamp() at time zone 'UTC') at time zone 'UTC', $3)
  on conflict (account_id, source_id, hour) do update set calls = account_calls.calls + excluded.calls`, [accountId, sourceId, calls]);

/** Calls that nobody was asked for: those of a person who waits for a test. */
export async function addCalls(tx: EntityManager, sourceId: string, calls: number): Promise<void> {
  const [source] = await rows<{ accountId: string | null }>(tx, 'select account_id as "accountId" from sources where id = $1', [sourceId]);
  if (source !== undefined && source.accountId !== null) await countCalls(tx, source.accountId, sourceId, calls);
}

/**
 * A source's records are those of one account: it joins the account of its new credentials when none is known yet, and no other one.
 * @param account the partner's id of the one that the credentials belong to; undefined: they may not tell
 * @throws OtherAccount
 */
export async function stayInAccount(tx: EntityManager, id: string, account: string | undefined): Promise<void> {
  const [source] = await rows<{ workspaceId: string; connector: string; known: string | null }>(tx, `
    select s.workspace_id as "workspaceId", s.connector, a.account as known from sources s left join partner_accounts a on a.id = s.account_id where s.id = $1`, [id]);
  if (source === undefined) return;
  const known = source.known === null || isOwn(source.known) ? undefined : source.known;
  if (known !== undefined && known !== account) throw new OtherAccount(known);
  if (account !== undefined) await joinAccount(tx, { id, ...source }, account);
}

/** The name of an account that nobody could tell, which one source has for itself. */
const own = (sourceId: string): string => `source:${sourceId}`;
const isOwn = (account: string): boolean => account.startsWith('source:');

/** The source belongs to this account at the partner's from now on. @param account the partner's id of it; without one it shares with nobody */
export async function joinAccount(tx: EntityManager, { id, workspaceId, connector }: { readonly id: string; readonly workspaceId: string; readonly connector: string }, account = own(id)): Promise<void> {
  await rows(tx, `
    with known as (insert into partner_accounts (id, workspace_id, connector, account) values ($1, $2, $3, $4)
      on conflict (workspace_id, connector, account) do update set account = excluded.account returning id)
    update sources set account_id = known.id from known where sources.id = $5`, [newId(), workspaceId, connector, account, id]);
}
