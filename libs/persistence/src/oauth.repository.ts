import { createHash } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import type { Principal } from './access.repository.js';
import { isId, newId, rows } from './database.js';

/** As which we are registered at a partner's; the secret is sealed as `sealContext.oauthClient(id)`. */
export interface OAuthClientRow { readonly id: string; readonly connector: string; readonly workspaceId: string | null; readonly clientId: string; readonly secretSealed: string | null }

/** Who started it, and for what. */
export interface Authorization {
  /** Also the id of the grant that it becomes. */
  readonly id: string;
  readonly workspaceId: string;
  readonly userId: string | null;
  readonly apiKeyId: string | null;
  readonly connector: string;
  /** The source that is to be connected again. */
  readonly sourceId: string | null;
  readonly clientId: string;
  /** JSON of the PKCE verifier and of what was entered, sealed as `sealContext.oauthAuthorization(id)`. */
  readonly sealed: string;
  readonly redirectUri: string;
  /** Where the browser goes afterwards. */
  readonly returnTo: string | null;
}

/** Tokens that no source has yet. `sealed`: JSON of the credentials, sealed as `sealContext.oauthGrant(id)`. */
export type Grant = Pick<Authorization, 'id' | 'workspaceId' | 'userId' | 'apiKeyId' | 'connector' | 'sourceId' | 'sealed'>;

/** The grant is gone: another request took it, or it expired meanwhile. */
export class GrantGone extends Error {}

const hash = (state: string): string => createHash('sha256').update(state).digest('hex');
const CLIENT = 'id, connector, workspace_id as "workspaceId", client_id as "clientId", secret_sealed as "secretSealed"';
const GRANT = 'id, workspace_id as "workspaceId", user_id as "userId", api_key_id as "apiKeyId", connector, source_id as "sourceId", sealed';

export class OAuthRepository {
  constructor(private readonly database: DataSource) {}

  /**
   * The workspace's own client, otherwise the operator's.
   * @param clientId only that one: tokens work with the client that they were given to
   */
  async client(connector: string, workspaceId: string, clientId?: string): Promise<OAuthClientRow | undefined> {
    const [found] = await rows<OAuthClientRow>(this.database, `select ${CLIENT} from oauth_clients where connector = $1 and (workspace_id = $2 or workspace_id is null)
      and ($3::text is null or client_id = $3) order by workspace_id nulls last limit 1`, [connector, workspaceId, clientId ?? null]);
    return found;
  }

  /** Sets the workspace's client, or the operator's without one. `seal` gets the row's id. */
  saveClient(connector: string, workspaceId: string | null, clientId: string, seal: (id: string) => string | null): Promise<void> {
    return this.database.transaction(async (tx) => {
      await rows(tx, 'select pg_advisory_xact_lock(hashtextextended($1, 0))', [`oauth client ${connector} ${workspaceId ?? ''}`]);
      const [known] = await rows<{ id: string }>(tx, 'select id from oauth_clients where connector = $1 and workspace_id is not distinct from $2', [connector, workspaceId]);
      const id = known?.id ?? newId();
      await rows(tx, `insert into oauth_clients (id, connector, workspace_id, client_id, secret_sealed) values ($1, $2, $3, $4, $5)
        on conflict (id) do update set client_id = excluded.client_id, secret_sealed = excluded.secret_sealed, updated_at = now()`, [id, connector, workspaceId, clientId, seal(id)]);
      // What was refused for the old client needs to wait no longer.
      await rows(tx, `update source_credentials c set renew_after = null from sources s where s.id = c.source_id and s.connector = $1 and ($2::uuid is null or s.workspace_id = $2)
        and c.renewal_error ->> 'code' = 'configuration_invalid'`, [connector, workspaceId]);
    });
  }

  async deleteClient(connector: string, workspaceId: string): Promise<void> {
    await rows(this.database, 'delete from oauth_clients where connector = $1 and workspace_id = $2', [connector, workspaceId]);
  }

  /** Only the state's hash is stored. What expired is taken away. */
  async begin(state: string, { id, workspaceId, userId, apiKeyId, connector, sourceId, clientId, sealed, redirectUri, returnTo }: Authorization, ttlMs: number): Promise<void> {
    await rows(this.database, 'delete from oauth_authorizations where expires_at < now()');
    await rows(this.database, 'delete from oauth_grants where expires_at < now()');
    await rows(this.database, `insert into oauth_authorizations (id, state_hash, workspace_id, user_id, api_key_id, connector, source_id, client_id, sealed, redirect_uri, return_to, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now() + $12 * interval '1 ms')`, [id, hash(state), workspaceId, userId, apiKeyId, connector, sourceId, clientId, sealed, redirectUri, returnTo, ttlMs]);
  }

  /**
   * What this state was given out for; once, whatever comes of it. Undefined: unknown, used or expired, or another user's.
   * @param user who came back, by their session; only asked when a user started it
   */
  async end(state: string, user: string | null): Promise<Authorization | undefined> {
    const [found] = await rows<Authorization>(this.database, `delete from oauth_authorizations where state_hash = $1 and expires_at > now() and (user_id is null or user_id = $2::uuid)
      returning ${GRANT}, client_id as "clientId", redirect_uri as "redirectUri", return_to as "returnTo"`, [hash(state), user]);
    return found;
  }

  async grant({ id, workspaceId, userId, apiKeyId, connector, sourceId, sealed }: Grant, ttlMs: number): Promise<void> {
    await rows(this.database, `insert into oauth_grants (id, workspace_id, user_id, api_key_id, connector, source_id, sealed, expires_at) values ($1, $2, $3, $4, $5, $6, $7, now() + $8 * interval '1 ms')`,
      [id, workspaceId, userId, apiKeyId, connector, sourceId, sealed, ttlMs]);
  }

  /** For the one who began it. Undefined when there is none, not yet or not any more. */
  async findGrant(id: string, { workspaceId, userId, apiKeyId }: Pick<Principal, 'workspaceId' | 'userId' | 'apiKeyId'>): Promise<Grant | undefined> {
    if (!isId(id)) return undefined;
    const [found] = await rows<Grant>(this.database, `select ${GRANT} from oauth_grants where id = $1 and workspace_id = $2 and user_id is not distinct from $3 and api_key_id is not distinct from $4 and expires_at > now()`,
      [id, workspaceId, userId, apiKeyId]);
    return found;
  }
}

/** In the transaction that gives its tokens to a source: one source only, since a refresh token may work once. @throws GrantGone */
export async function takeGrant(tx: EntityManager, id: string | undefined): Promise<void> {
  if (id === undefined) return;
  if ((await rows(tx, 'delete from oauth_grants where id = $1 and expires_at > now() returning 1', [id])).length === 0) throw new GrantGone();
}

