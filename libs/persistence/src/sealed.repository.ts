import type { DataSource } from 'typeorm';
import { rows } from './database.js';

/** Every column of the control database that holds sealed text. `id`: what the seal's context is made of, and with `key` the row. */
export const SEALED_PLACES = [
  { place: 'credentials', table: 'source_credentials', column: 'sealed', id: 'source_id', key: 'source_id' },
  { place: 'webhookToken', table: 'webhook_endpoints', column: 'token_sealed', id: 'source_id', key: 'token_hash' },
  { place: 'webhookSecret', table: 'webhook_secrets', column: 'sealed', id: 'source_id', key: 'id' },
  { place: 'warehouseUrl', table: 'warehouses', column: 'url_sealed', id: 'id', key: 'id' },
  { place: 'warehouseReader', table: 'warehouse_readers', column: 'sealed', id: 'warehouse_id', key: 'warehouse_id' },
  { place: 'destinationSecret', table: 'destination_secrets', column: 'sealed', id: 'destination_id', key: 'id' },
  { place: 'oauthClient', table: 'oauth_clients', column: 'secret_sealed', id: 'id', key: 'id' },
  { place: 'oauthAuthorization', table: 'oauth_authorizations', column: 'sealed', id: 'id', key: 'id' },
  { place: 'oauthGrant', table: 'oauth_grants', column: 'sealed', id: 'id', key: 'id' },
  { place: 'notificationHook', table: 'notification_settings', column: 'hook_sealed', id: 'workspace_id', key: 'workspace_id' },
  { place: 'warehouseLogin', table: 'warehouses', column: 'reader_password_sealed', id: 'id', key: 'id' },
  { place: 'repeatedAnswer', table: 'idempotency_keys', column: 'answer_sealed', id: 'workspace_id', key: 'fingerprint' },
] as const;
export type SealedPlace = (typeof SEALED_PLACES)[number];

export interface SealedText { readonly key: string; readonly contextId: string; readonly sealed: string }

/** Sealed texts as a whole, whatever they are for. The format is the vault's: `v1.<key id>.<text>`. */
export class SealedRepository {
  constructor(private readonly database: DataSource) {}

  /** How many texts each key sealed. */
  count({ table, column }: SealedPlace): Promise<{ readonly keyId: string; readonly texts: number }[]> {
    return rows(this.database, `select split_part(${column}, '.', 2) as "keyId", count(*)::integer as texts from ${table} where ${column} is not null group by 1 order by 1`);
  }

  /** Texts that another key than this one sealed, in order of the row's key, after `after`. */
  others({ table, column, id, key }: SealedPlace, keyId: string, limit: number, after: string): Promise<SealedText[]> {
    return rows(this.database, `select ${key}::text as key, ${id}::text as "contextId", ${column} as sealed from ${table}
      where ${column} is not null and split_part(${column}, '.', 2) <> $1 and ${key}::text > $2 order by ${key}::text limit $3`, [keyId, after, limit]);
  }

  /** False: somebody wrote it anew meanwhile, or it is gone; theirs stays. What else the row holds stays too. */
  async replace({ table, column, key }: SealedPlace, text: SealedText, sealed: string): Promise<boolean> {
    return (await rows(this.database, `update ${table} set ${column} = $3 where ${key}::text = $1 and ${column} = $2 returning 1`, [text.key, text.sealed, sealed])).length > 0;
  }
}
