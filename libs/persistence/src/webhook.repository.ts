import { createHash } from 'node:crypto';
import type { SourceState } from '#contracts';
import type { DataSource, EntityManager } from 'typeorm';
import { jsonb, newId, rows } from './database.js';

/** When it is valid; `notAfter` null: until further notice. */
export interface WebhookSecret { readonly id: string; readonly sealed: string; readonly notBefore: Date; readonly notAfter: Date | null }

export interface WebhookTarget {
  readonly workspaceId: string;
  readonly sourceId: string;
  readonly connector: string;
  readonly state: SourceState;
  /** Newest first, without those that are over or not yet valid; sealed as `sealContext.webhookSecret(sourceId)`. */
  readonly secrets: readonly WebhookSecret[];
  /** Names of the selected collections. */
  readonly selected: readonly string[];
}

/** How one webhook was answered. */
export interface WebhookDelivery {
  readonly receivedAt: Date;
  readonly status: number;
  /** In words; no part of the body. */
  readonly reason: string;
  /** The partner's own id of it, where there is one. */
  readonly deliveryId: string | null;
  readonly bytes: number;
  readonly durationMs: number;
}

/** What a gateway answered in a short time. */
export interface WebhookTally {
  readonly sourceId: string;
  readonly hour: Date;
  readonly taken: number;
  readonly refused: number;
  /** The newest of them, in order. */
  readonly newest: readonly WebhookDelivery[];
}

/** Webhooks of the last 24 hours, and when the last ones came. */
export interface WebhookSummary { readonly taken: number; readonly refused: number; readonly lastTakenAt: Date | null; readonly lastRefusedAt: Date | null }

/** Deliveries that are kept of a source. */
const KEPT_DELIVERIES = 200;

const hash = (token: string): string => createHash('sha256').update(token).digest('hex');

const SECRETS = `select id, sealed, not_before as "notBefore", not_after as "notAfter" from webhook_secrets where source_id = $1 and (not_after is null or not_after > now())`;
const NEWEST_FIRST = 'order by not_before desc, id desc';

export class WebhookRepository {
  constructor(private readonly database: DataSource) {}

  /** Whom a webhook's token belongs to; undefined when nobody. Only the token's hash is stored in the clear. */
  async find(token: string): Promise<WebhookTarget | undefined> {
    const [target] = await rows<Omit<WebhookTarget, 'secrets'>>(this.database, `
      select s.workspace_id as "workspaceId", s.id as "sourceId", s.connector, s.state,
        array(select collection from source_collections c where c.source_id = s.id order by 1) as selected
      from webhook_endpoints e join sources s on s.id = e.source_id
      where e.token_hash = $1 and (e.not_after is null or e.not_after > now()) and s.deleted_at is null`, [hash(token)]);
    if (target === undefined) return undefined;
    // By the clock that wrote the times: a secret is good for signatures from the moment it is stored.
    const secrets = await rows<WebhookSecret>(this.database, `${SECRETS} and not_before <= clock_timestamp() ${NEWEST_FIRST}`, [target.sourceId]);
    return { ...target, secrets };
  }

  /** Newest first, those that are over left out. */
  secrets(sourceId: string): Promise<WebhookSecret[]> {
    return rows(this.database, `${SECRETS} ${NEWEST_FIRST}`, [sourceId]);
  }

  /** The token of the URL that is to be used, sealed as `sealContext.webhookToken(sourceId)`, and when the last of those before it ends. */
  async endpoint(sourceId: string): Promise<{ readonly sealedToken: string; readonly previousUntil: Date | null } | undefined> {
    const [endpoint] = await rows<{ sealedToken: string; previousUntil: Date | null }>(this.database, `
      select token_sealed as "sealedToken", (select max(not_after) from webhook_endpoints where source_id = $1 and not_after > now()) as "previousUntil"
      from webhook_endpoints where source_id = $1 and not_after is null order by created_at desc limit 1`, [sourceId]);
    return endpoint;
  }

  /** Counts webhooks and keeps the newest of each source; those of sources that are gone are left out. */
  async count(tallies: readonly WebhookTally[]): Promise<void> {
    if (tallies.length === 0) return;
    const given = jsonb(tallies.map(({ newest, ...tally }) => ({ ...tally, newest: newest.map((delivery) => ({ ...delivery, id: newId(delivery.receivedAt.getTime()) })) })));
    await this.database.transaction(async (tx) => {
      await rows(tx, `
        insert into webhook_hours (source_id, hour, taken, refused) select t."sourceId", t.hour, sum(t.taken), sum(t.refused)
        from jsonb_to_recordset($1::jsonb) as t("sourceId" uuid, hour timestamptz, taken bigint, refused bigint) join sources s on s.id = t."sourceId" group by 1, 2 order by 1, 2
        on conflict (source_id, hour) do update set taken = webhook_hours.taken + excluded.taken, refused = webhook_hours.refused + excluded.refused`, [given]);
      await rows(tx, `
        insert into webhook_deliveries (source_id, id, received_at, status, reason, delivery_id, bytes, duration_ms)
        select t."sourceId", d.id, d."receivedAt", d.status, d.reason, d."deliveryId", d.bytes, d."durationMs" from jsonb_to_recordset($1::jsonb) as t("sourceId" uuid, newest jsonb)
        join sources s on s.id = t."sourceId" cross join jsonb_to_recordset(t.newest) as d(id uuid, "receivedAt" timestamptz, status int, reason text, "deliveryId" text, bytes int, "durationMs" int)`, [given]);
      await rows(tx, `
        delete from webhook_deliveries d using (select distinct "sourceId" as id from jsonb_to_recordset($1::jsonb) as t("sourceId" uuid)) s
        where d.source_id = s.id and d.id < (select id from webhook_deliveries where source_id = s.id order by id desc offset ${KEPT_DELIVERIES - 1} limit 1)`, [given]);
    });
  }

  /** Newest first, before `before` (an id of an earlier answer). */
  deliveries(sourceId: string, limit: number, before: string | undefined): Promise<(WebhookDelivery & { readonly id: string })[]> {
    return rows(this.database, `
      select id, received_at as "receivedAt", status, reason, delivery_id as "deliveryId", bytes, duration_ms as "durationMs"
      from webhook_deliveries where source_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3`, [sourceId, before ?? null, limit]);
  }

  async summary(sourceId: string): Promise<WebhookSummary> {
    const [found] = await rows<WebhookSummary>(this.database, `
      select coalesce(sum(taken), 0)::float8 as taken, coalesce(sum(refused), 0)::float8 as refused,
        (select received_at from webhook_deliveries where source_id = $1 and status = 200 order by id desc limit 1) as "lastTakenAt",
        (select received_at from webhook_deliveries where source_id = $1 and status <> 200 order by id desc limit 1) as "lastRefusedAt"
      from webhook_hours where source_id = $1 and hour > now() - interval '24 hours'`, [sourceId]);
    return found ?? { taken: 0, refused: 0, lastTakenAt: null, lastRefusedAt: null };
  }

  /** Adds a token; those before it stay valid for `overlapMs`, so that what is sent to the old URL is still taken. */
  rotateToken(sourceId: string, token: string, sealed: string, overlapMs: number): Promise<void> {
    return this.database.transaction(async (tx) => {
      await oneByOne(tx, sourceId);
      await rows(tx, `update webhook_endpoints set not_after = least(not_after, clock_timestamp() + $2 * interval '1 ms') where source_id = $1`, [sourceId, overlapMs]);
      await addEndpoint(tx, sourceId, token, sealed);
    });
  }

  /** Adds a secret; those before it stay valid for `overlapMs`, so that deliveries on their way still verify. */
  addSecret(sourceId: string, sealed: string, overlapMs: number): Promise<void> {
    return this.database.transaction(async (tx) => {
      await oneByOne(tx, sourceId);
      await rows(tx, `update webhook_secrets set not_after = least(not_after, clock_timestamp() + $2 * interval '1 ms') where source_id = $1`, [sourceId, overlapMs]);
      await rows(tx, 'insert into webhook_secrets (id, source_id, sealed, not_before) values ($1, $2, $3, clock_timestamp())', [newId(), sourceId, sealed]);
    });
  }
}

/** Two rotations of one source follow each other, so that one of the new ones is the newest. */
const oneByOne = (tx: EntityManager, sourceId: string): Promise<unknown> => rows(tx, 'select 1 from sources where id = $1 for no key update', [sourceId]);

/** An endpoint until further notice. */
export async function addEndpoint(tx: EntityManager, sourceId: string, token: string, sealed: string): Promise<void> {
  await rows(tx, 'insert into webhook_endpoints (token_hash, source_id, token_sealed, created_at) values ($1, $2, $3, clock_timestamp())', [hash(token), sourceId, sealed]);
}
