import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorReport } from '#contracts';
import type { DataSource, QueryRunner } from 'typeorm';
import { jsonb, rows } from './database.js';
import { countRenewal } from './usage.repository.js';

/** A source's credentials as they are stored; `sealed` as `sealContext.credentials(sourceId)`. */
export interface StoredCredentials { readonly sealed: string; /** Higher with every change. */ readonly version: number }

/** What came of asking the partner. */
export type RefreshOutcome =
  | { readonly state: 'renewed'; readonly sealed: string; /** When they must have been used again. */ readonly keepAliveAt?: Date }
  /** For good: nothing is asked until the credentials change. */
  | { readonly state: 'refused'; readonly error: ErrorReport }
  /** Worth another try, after a while. */
  | { readonly state: 'failed'; readonly error: ErrorReport; /** No answer came: nobody knows whether the refresh token was used up. */ readonly lost: boolean };

export type Renewal =
  | ({ readonly state: 'current' } & StoredCredentials)
  | { readonly state: 'refused' | 'waiting'; readonly error: ErrorReport }
  /** The source or its credentials are gone. */
  | { readonly state: 'gone' };

interface Row extends StoredCredentials { readonly beganAt: Date | null; readonly renewAfter: Date | null; readonly early: boolean; readonly error: ErrorReport | null; readonly refused: boolean }

export interface RenewalOptions {
  /** After a failure that is worth another try. Default 300,000. */
  readonly backOffMs?: number;
  /** How long to wait for another process that renews the same credentials. Default 90,000. */
  readonly lockMs?: number;
}

/** Tries to write down what can't be got again, and the pauses between them. */
const WRITE_PAUSES_MS = [0, 100, 500, 2_000, 5_000];

/**
 * Renews credentials, one at a time for each source over all processes. An advisory lock of a session keeps others away while
 * the partner is asked; after it everything is read again, so that who waited gets what the first one brought. What came is
 * written down before anybody uses it, by compare-and-set on the version and on another connection if need be: should the lock
 * be lost with its connection, a zombie can neither overwrite newer credentials nor have them refused.
 *
 * The one gap: a process that dies between the partner's answer and the write takes a single-use refresh token with it. The
 * attempt is marked beforehand, so the next one (which tries the old token once more: many partners forgive that) can say
 * what happened when the partner refuses.
 */
export class CredentialRepository {
  private readonly running = new Map<string, Promise<Renewal>>();
  private readonly backOffMs: number;
  private readonly lockMs: number;

  constructor(private readonly database: DataSource, { backOffMs = 300_000, lockMs = 90_000 }: RenewalOptions = {}) {
    this.backOffMs = backOffMs;
    this.lockMs = lockMs;
  }

  async get(sourceId: string): Promise<StoredCredentials | undefined> {
    return this.row(this.database, sourceId);
  }

  /**
   * Credentials newer than `staleVersion`. `refresh` is called by one of all that ask, when nothing newer is there, and neither
   * a refusal nor a back-off stands against it. It mustn't throw; when it does, that counts as a failure worth another try.
   */
  async renew(sourceId: string, staleVersion: number, refresh: (sealed: string) => Promise<RefreshOutcome>): Promise<Renewal> {
    const other = this.running.get(sourceId);
    if (other !== undefined) {
      const renewal = await other;
      if (renewal.state !== 'current' || renewal.version > staleVersion) return renewal;
      return this.renew(sourceId, staleVersion, refresh);
    }
    const own = this.alone(sourceId, staleVersion, refresh).finally(() => { this.running.delete(sourceId); });
    this.running.set(sourceId, own);
    return own;
  }

  /** Sources of these connectors whose refresh token is forgotten unless it is used soon; the next look skips them for an hour. */
  async dueForKeepAlive(connectors: readonly string[], limit: number): Promise<{ readonly sourceId: string; readonly workspaceId: string; readonly connector: string; readonly version: number }[]> {
    return rows(this.database, `
      with due as (select c.source_id from source_credentials c join sources s on s.id = c.source_id
        where c.keep_alive_at <= now() and not c.refused and s.connector = any($2) and s.deleted_at is null order by c.keep_alive_at limit $1 for update of c skip locked)
      update source_credentials c set keep_alive_at = now() + interval '1 hour' from due, sources s where c.source_id = due.source_id and s.id = c.source_id
      returning c.source_id as "sourceId", s.workspace_id as "workspaceId", s.connector, c.version::float8 as version`, [limit, connectors]);
  }

  private async alone(sourceId: string, staleVersion: number, refresh: (sealed: string) => Promise<RefreshOutcome>): Promise<Renewal> {
    const lock = this.database.createQueryRunner();
    const key = `source credentials ${sourceId}`;
    try {
      await lock.query(`select set_config('lock_timeout', $1, false)`, [`${this.lockMs}ms`]);
      try {
        await lock.query('select pg_advisory_lock(hashtextextended($1, 0))', [key]);
      } catch (error) {
        if ((error as { driverError?: { code?: string } }).driverError?.code !== '55P03') throw error;
        return { state: 'waiting', error: busy(this.lockMs) };
      }
      return await this.locked(lock, sourceId, staleVersion, refresh);
    } finally {
      // When the connection is broken its session is over, and the lock with it.
      await lock.query('select pg_advisory_unlock(hashtextextended($1, 0)) where exists (select from pg_locks where locktype = $2 and pid = pg_backend_pid())', [key, 'advisory']).catch(() => undefined);
      await lock.query('reset lock_timeout').catch(() => undefined);
      await lock.release();
    }
  }

  private async locked(lock: QueryRunner, sourceId: string, staleVersion: number, refresh: (sealed: string) => Promise<RefreshOutcome>): Promise<Renewal> {
    const row = await this.row(lock.manager, sourceId);
    if (row === undefined) return { state: 'gone' };
    if (row.version > staleVersion) return { state: 'current', sealed: row.sealed, version: row.version };
    if (row.refused && row.error !== null) return { state: 'refused', error: row.error };
    if (row.early && row.error !== null) return { state: 'waiting', error: { ...row.error, retryAfterMs: Math.max(0, (row.renewAfter?.getTime() ?? 0) - Date.now()) } };
    await rows(lock.manager, 'update source_credentials set renewal_began_at = now() where source_id = $1 and version = $2', [sourceId, row.version]);
    await countRenewal(lock.manager, sourceId);
    const outcome = await refresh(row.sealed).catch((): RefreshOutcome => ({ state: 'failed', error: UNKNOWN, lost: true }));
    return this.keep(lock, sourceId, row, outcome);
  }

  private async keep(lock: QueryRunner, sourceId: string, { version, beganAt }: Row, outcome: RefreshOutcome): Promise<Renewal> {
    if (outcome.state === 'renewed') {
      const written = await this.write(lock, `update source_credentials set sealed = $3, version = version + 1, keep_alive_at = $4, renewal_began_at = null, renew_after = null, renewal_error = null, refused = false, updated_at = now()
        where source_id = $1 and version = $2 returning version::float8 as version`, [sourceId, version, outcome.sealed, outcome.keepAliveAt ?? null]);
      if (written !== undefined) return { state: 'current', sealed: outcome.sealed, version: written.version };
      return this.elsewhere(sourceId, version);
    }
    if (outcome.state === 'refused') {
      const error = beganAt === null ? outcome.error : afterCrash(outcome.error, beganAt);
      const written = await this.write(lock, `with refused as (
          update source_credentials set refused = true, renewal_error = $3::jsonb, renewal_began_at = null, keep_alive_at = null where source_id = $1 and version = $2 returning version),
        told as (update sources set state = 'error', error = $3::jsonb where id = $1 and deleted_at is null and exists (select from refused))
        select version::float8 as version from refused`, [sourceId, version, jsonb(error)]);
      return written !== undefined ? { state: 'refused', error } : this.elsewhere(sourceId, version);
    }
    const waitMs = Math.max(this.backOffMs, outcome.error.retryAfterMs ?? 0);
    const error = { ...outcome.error, retryAfterMs: waitMs };
    await this.write(lock, `update source_credentials set renew_after = now() + $3 * interval '1 ms', renewal_error = $4::jsonb, renewal_began_at = case when $5 then renewal_began_at end where source_id = $1 and version = $2 returning version::float8 as version`, [sourceId, version, waitMs, jsonb(outcome.error), outcome.lost]);
    return { state: 'waiting', error };
  }

  /** Someone else changed the credentials meanwhile: theirs count. */
  private async elsewhere(sourceId: string, version: number): Promise<Renewal> {
    const row = await this.row(this.database, sourceId);
    if (row === undefined) return { state: 'gone' };
    if (row.refused && row.error !== null) return { state: 'refused', error: row.error };
    return row.version > version ? { state: 'current', sealed: row.sealed, version: row.version } : { state: 'waiting', error: UNKNOWN };
  }

  /** On the lock's own connection, then on any other. Undefined when the version is another one. @throws after the last try */
  private async write(lock: QueryRunner, sql: string, parameters: readonly unknown[]): Promise<{ version: number } | undefined> {
    let failure: unknown;
    for (const [attempt, pause] of WRITE_PAUSES_MS.entries()) {
      await sleep(pause);
      try {
        return (await rows<{ version: number }>(attempt === 0 ? lock.manager : this.database, sql, parameters))[0];
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  private async row(executor: Parameters<typeof rows>[0], sourceId: string): Promise<Row | undefined> {
    const [found] = await rows<Row>(executor, `select sealed, version::float8 as version, renewal_began_at as "beganAt", renew_after as "renewAfter", coalesce(renew_after > now(), false) as early, renewal_error as error, refused
      from source_credentials where source_id = $1`, [sourceId]);
    return found;
  }
}

const UNKNOWN: ErrorReport = { code: 'partner_unavailable', title: 'The access could not be renewed.', remedy: 'Nothing to do: it is tried again by itself.' };

const busy = (ms: number): ErrorReport =>
  ({ code: 'partner_unavailable', title: `Another process has been renewing the access for ${Math.round(ms / 1_000)} s.`, remedy: 'Nothing to do: the next run tries again.' });

const afterCrash = (error: ErrorReport, at: Date): ErrorReport => ({
  ...error,
  remedy: `Connect the source again. A renewal that began at ${at.toISOString()} never ended (its process or the database went away), and a refresh token that was used once may not work again; it is also possible that the access was revoked.`,
});
