import type { DataSource, EntityManager } from 'typeorm';
import { isId, jsonb, newId, rows } from './database.js';
import { remember, type Idempotency } from './idempotency.js';
import { isWanted } from './notification.repository.js';

/** Why nothing is sent to a destination. */
export type DestinationDisabled = { readonly reason: 'by_hand' | 'gone' | 'failing'; readonly at: string };

export interface DestinationRow {
  readonly id: string;
  readonly workspaceId: string;
  readonly kind: 'webhook' | 'segment';
  readonly name: string;
  readonly url: string;
  readonly filter: { readonly sources?: readonly string[]; readonly events?: readonly string[]; readonly condition?: string };
  /** Properties that say whom an event is about. */
  readonly subject: readonly string[];
  readonly enabled: boolean;
  /** Events that arrived before this are none of its business. */
  readonly startsAt: Date;
  readonly createdAt: Date;
  /** Rounds in a row that got nothing through. */
  readonly failures: number;
  /** Since when nothing was delivered although it was tried. */
  readonly failingSince: Date | null;
  /** Left alone until then. */
  readonly heldUntil: Date | null;
  readonly lastDeliveredAt: Date | null;
  /** The newest try that didn't get through. */
  readonly lastFailure: { readonly at: string; readonly status: number | null; readonly error: string | null } | null;
  readonly disabled: DestinationDisabled | null;
}

export type NewDestination = Pick<DestinationRow, 'id' | 'workspaceId' | 'kind' | 'name' | 'url' | 'filter' | 'subject'>;
export type DestinationChange = Partial<Pick<DestinationRow, 'name' | 'url' | 'filter' | 'subject'>>;

/** One to send to, with its sealed secrets, the newest first. */
export interface DestinationTarget extends DestinationRow { readonly sealed: readonly string[] }

/** What a round of deliveries came to, for the destination as a whole. */
export interface RoundHealth {
  readonly delivered: number;
  /** Tries that may get through later. */
  readonly failed: number;
  /** Tries that never will. */
  readonly refused: number;
  readonly lastFailure?: { readonly at: string; readonly status: number | null; readonly error: string | null };
  /** Nothing is sent for so long. */
  readonly holdMs?: number;
  readonly disable?: 'gone';
}

const COLUMNS = `d.id, d.workspace_id as "workspaceId", d.kind, d.name, d.url, d.filter, d.subject, d.enabled, d.starts_at as "startsAt", d.created_at as "createdAt", d.failures, d.failing_since as "failingSince",
  d.held_until as "heldUntil", d.last_delivered_at as "lastDeliveredAt", d.last_failure as "lastFailure", d.disabled`;
const SECRETS = `array(select sealed from destination_secrets s where s.destination_id = d.id and (not_after is null or not_after > now()) order by created_at desc, id desc)`;
/** Nothing but failures, and not just a few, for so long that it isn't tried any more. */
const DEAD = `(not $2 and failures >= 9 and coalesce(failing_since < now() - $6::float8 * interval '1 ms', false))`;
/** Told when it happens; a person who disables a destination knows. */
const TOLD = `case d.disabled ->> 'reason' when 'gone' then '“' || d.name || '” answered that it is gone for good (410) and is disabled.' else '“' || d.name || '” took nothing for so long that it is disabled.' end,
  case d.disabled ->> 'reason' when 'gone' then 'Enable it again when that was a mistake: what waits for it is kept. Otherwise delete it.' else 'Mend it, send a test event, then enable it: what waits for it is kept. Failed deliveries can be retried.' end`;
const HEALTHY = 'failures = 0, failing_since = null, held_until = null';

export class DestinationRepository {
  constructor(private readonly database: DataSource) {}

  /** In order of creation, after `after` (an id). */
  list(workspaceId: string, limit: number, after?: string): Promise<DestinationRow[]> {
    return rows(this.database, `select ${COLUMNS} from destinations d where workspace_id = $1 and ($3::uuid is null or id > $3) order by id limit $2`, [workspaceId, limit, after ?? null]);
  }

  async get(workspaceId: string, id: string): Promise<DestinationTarget | undefined> {
    return isId(id) ? (await rows<DestinationTarget>(this.database, `select ${COLUMNS}, ${SECRETS} as sealed from destinations d where workspace_id = $1 and id = $2`, [workspaceId, id]))[0] : undefined;
  }

  /** Of all workspaces. */
  enabled(): Promise<DestinationRow[]> { return rows(this.database, `select ${COLUMNS} from destinations d where enabled order by id`); }

  /** One that may be sent to now. */
  async target(id: string): Promise<DestinationTarget | undefined> {
    return (await rows<DestinationTarget>(this.database, `select ${COLUMNS}, ${SECRETS} as sealed from destinations d where id = $1 and enabled and (held_until is null or held_until <= now())`, [id]))[0];
  }

  /** @throws IdempotencyConflict when the key is taken */
  create({ id, workspaceId, kind, name, url, filter, subject }: NewDestination, sealed: string, idempotency?: Idempotency): Promise<void> {
    return this.database.transaction(async (tx) => {
      await remember(tx, workspaceId, id, idempotency);
      await rows(tx, 'insert into destinations (id, workspace_id, kind, name, url, filter, subject) values ($1, $2, $3, $4, $5, $6, $7)', [id, workspaceId, kind, name, url, jsonb(filter), jsonb(subject)]);
      await addSecret(tx, id, sealed);
    });
  }

  async change(id: string, { name, url, filter, subject }: DestinationChange): Promise<void> {
    await rows(this.database, `update destinations set name = coalesce($2, name), url = coalesce($3, url), filter = coalesce($4, filter), subject = coalesce($5, subject), held_until = case when $3::text is null then held_until end where id = $1`,
      [id, name ?? null, url ?? null, jsonb(filter), jsonb(subject)]);
  }

  /** A new secret; those before it go on for `overlapMs`. */
  rotate(id: string, sealed: string, overlapMs: number): Promise<void> {
    return this.database.transaction(async (tx) => {
      await rows(tx, 'update destinations set held_until = null where id = $1', [id]);
      await rows(tx, `update destination_secrets set not_after = least(not_after, clock_timestamp() + $2 * interval '1 ms') where destination_id = $1`, [id, overlapMs]);
      await addSecret(tx, id, sealed);
    });
  }

  /** Events that arrive from now on; what waits for it goes on. Nothing changes when it is enabled already. */
  async enable(id: string): Promise<void> {
    await rows(this.database, `update destinations set enabled = true, starts_at = clock_timestamp(), disabled = null, ${HEALTHY} where id = $1 and not enabled`, [id]);
  }

  async disable(id: string): Promise<void> {
    await rows(this.database, `update destinations set enabled = false, disabled = jsonb_build_object('reason', 'by_hand', 'at', now()) where id = $1 and enabled`, [id]);
  }

  /** With its deliveries. */
  async delete(workspaceId: string, id: string): Promise<void> { await rows(this.database, 'delete from destinations where workspace_id = $1 and id = $2', [workspaceId, id]); }

  /** Whoever wants to know is told when this disables it. @param giveUpMs disabled when nothing was delivered for so long @returns why it was disabled by this */
  async health(id: string, { delivered, failed, refused, lastFailure, holdMs, disable }: RoundHealth, giveUpMs: number): Promise<DestinationDisabled | undefined> {
    if (delivered + failed + refused === 0) return undefined;
    const [row] = await rows<{ disabled: DestinationDisabled | null }>(this.database, `
      with d as (update destinations set failures = case when $2 then 0 else failures + 1 end, failing_since = case when $2 then null else coalesce(failing_since, now()) end,
        last_delivered_at = case when $2 then now() else last_delivered_at end, last_failure = coalesce($3, last_failure),
        held_until = case when $4::float8 is not null then now() + $4::float8 * interval '1 ms' when not $2 then held_until end,
        enabled = $5::text is null and not ${DEAD}, disabled = case when $5::text is not null then jsonb_build_object('reason', $5::text, 'at', now()) when ${DEAD} then jsonb_build_object('reason', 'failing', 'at', now()) end
      where id = $1 and enabled returning workspace_id, name, disabled),
      told as (insert into notifications (id, workspace_id, kind, title, remedy) select $7, d.workspace_id, 'destination_disabled', ${TOLD}
        from d join notification_settings n using (workspace_id) where d.disabled is not null and ${isWanted(`'destination_disabled'`)})
      select disabled from d`, [id, delivered > 0, jsonb(lastFailure), holdMs ?? null, disable ?? null, giveUpMs, newId()]);
    return row?.disabled ?? undefined;
  }
}

const addSecret = (tx: EntityManager, destinationId: string, sealed: string): Promise<unknown> =>
  rows(tx, 'insert into destination_secrets (id, destination_id, sealed) values ($1, $2, $3)', [newId(), destinationId, sealed]);
