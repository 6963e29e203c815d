import { createHash } from 'node:crypto';
import type { SourceState } from '#contracts';
import type { DataSource, EntityManager } from 'typeorm';
import { newId, rows } from './database.js';

/** When it is valid; `notAfter` null: until further notice. */
export interface WebhookSecret { readonly id: string; readonly sealed: string; readonly notBefore: Date; readonly notAfter: Date | null }

export interface WebhookTarget {
  readonly workspaceId: string;
  readonly sourceId: string;
  readonly connector: string;
  readonly state: SourceState;
  /** Newest first, those that are over left out; sealed as `sealContext.webhookSecret(sourceId)`. */
  readonly secrets: readonly WebhookSecret[];
  /** Names of the selected collections. */
  readonly selected: readonly string[];
}

const hash = (token: string): string => createHash('sha256').update(token).digest('hex');

export class WebhookRepository {
  constructor(private readonly database: DataSource) {}

  /** Whom a webhook's token belongs to; undefined when nobody. Only the token's hash is stored in the clear. */
  async find(token: string): Promise<WebhookTarget | undefined> {
    const [target] = await rows<Omit<WebhookTarget, 'secrets'>>(this.database, `
      select s.workspace_id as "workspaceId", s.id as "sourceId", s.connector, s.state,
        array(select collection from source_collections c where c.source_id = s.id order by 1) as selected
      from webhook_endpoints e join sources s on s.id = e.source_id
      where e.token_hash = $1 and (e.not_after is null or e.not_after > now()) and s.deleted_at is null`, [hash(token)]);
    return target === undefined ? undefined : { ...target, secrets: await this.secrets(target.sourceId) };
  }

  /** Newest first, those that are over left out. */
  secrets(sourceId: string): Promise<WebhookSecret[]> {
    return rows(this.database, `select id, sealed, not_before as "notBefore", not_after as "notAfter" from webhook_secrets
      where source_id = $1 and (not_after is null or not_after > now()) order by not_before desc, id desc`, [sourceId]);
  }

  /** The newest endpoint's token, sealed as `sealContext.webhookToken(sourceId)`. */
  async sealedToken(sourceId: string): Promise<string | undefined> {
    const [endpoint] = await rows<{ sealed: string }>(this.database, 'select token_sealed as sealed from webhook_endpoints where source_id = $1 order by created_at desc limit 1', [sourceId]);
    return endpoint?.sealed;
  }

  /** Adds a secret; those before it stay valid for `overlapMs`, so that deliveries on their way still verify. */
  addSecret(sourceId: string, sealed: string, overlapMs: number): Promise<void> {
    return this.database.transaction(async (tx) => {
      await rows(tx, `update webhook_secrets set not_after = least(not_after, now() + $2 * interval '1 ms') where source_id = $1`, [sourceId, overlapMs]);
      await rows(tx, 'insert into webhook_secrets (id, source_id, sealed) values ($1, $2, $3)', [newId(), sourceId, sealed]);
    });
  }
}

/** The endpoint of a new source. */
export async function addEndpoint(tx: EntityManager, sourceId: string, token: string, sealed: string): Promise<void> {
  await rows(tx, 'insert into webhook_endpoints (token_hash, source_id, token_sealed) values ($1, $2, $3)', [hash(token), sourceId, sealed]);
}
