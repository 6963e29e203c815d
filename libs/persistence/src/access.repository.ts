import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { isId, newId, rows } from './database.js';
import { ApiKeyEntity, MembershipEntity, SessionEntity, UserEntity, WorkspaceEntity, type Role } from './entities/access.entity.js';

/** Who is calling, for which workspace. */
export interface Principal { readonly workspaceId: string; readonly role: Role; readonly userId: string | null; readonly apiKeyId: string | null }

/** Any constant; only bootstraps take it. */
const BOOTSTRAP_LOCK = 7_302_112;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export class AccessRepository {
  constructor(private readonly database: DataSource) {}

  /** The first workspace and its owner, when there is no user yet. False: there is one. Safe to call from several processes. */
  bootstrap(first: { readonly workspace: string; readonly email: string; readonly passwordHash: string; readonly apiKey?: string }): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      await rows(tx, 'select pg_advisory_xact_lock($1)', [BOOTSTRAP_LOCK]);
      if (await tx.getRepository(UserEntity).existsBy({})) return false;
      const [workspaceId, userId] = [newId(), newId()];
      await tx.getRepository(WorkspaceEntity).insert({ id: workspaceId, name: first.workspace });
      await tx.getRepository(UserEntity).insert({ id: userId, email: first.email, passwordHash: first.passwordHash });
      await tx.getRepository(MembershipEntity).insert({ workspaceId, userId, role: 'owner' });
      if (first.apiKey !== undefined) await tx.getRepository(ApiKeyEntity).insert(keyRow(workspaceId, 'first key', 'owner', first.apiKey));
      return true;
    });
  }

  async userByEmail(email: string): Promise<UserEntity | undefined> {
    return await this.database.getRepository(UserEntity).createQueryBuilder('u').where('lower(u.email) = lower(:email)', { email }).getOne() ?? undefined;
  }

  async userById(id: string): Promise<UserEntity | undefined> {
    return await this.database.getRepository(UserEntity).findOneBy({ id }) ?? undefined;
  }

  /** Counts a wrong password; a right one sets the count to 0. */
  async countLogin(userId: string, right: boolean): Promise<void> {
    await rows(this.database, right ? 'update users set failed_logins = 0 where id = $1' : 'update users set failed_logins = failed_logins + 1, last_failed_at = now() where id = $1', [userId]);
  }

  /** The workspaces of a user, oldest membership first. */
  memberships(userId: string): Promise<MembershipEntity[]> {
    return this.database.getRepository(MembershipEntity).find({ where: { userId }, order: { createdAt: 'ASC' } });
  }

  async workspace(id: string): Promise<WorkspaceEntity> {
    return this.database.getRepository(WorkspaceEntity).findOneByOrFail({ id });
  }

  async createSession(token: string, userId: string, workspaceId: string, ttlMs: number): Promise<void> {
    await rows(this.database, 'delete from sessions where expires_at < now()');
    await this.database.getRepository(SessionEntity).insert({ tokenHash: sha256(token), userId, workspaceId, expiresAt: new Date(Date.now() + ttlMs) });
  }

  async deleteSession(token: string): Promise<void> {
    await this.database.getRepository(SessionEntity).delete({ tokenHash: sha256(token) });
  }

  async bySession(token: string): Promise<Principal | undefined> {
    const [found] = await rows<Principal>(this.database, `
      select s.workspace_id as "workspaceId", m.role, s.user_id as "userId", null as "apiKeyId" from sessions s join memberships m on m.workspace_id = s.workspace_id and m.user_id = s.user_id
      where s.token_hash = $1 and s.expires_at > now()`, [sha256(token)]);
    return found;
  }

  /** The last use is noted once a minute. */
  async byApiKey(key: string): Promise<Principal | undefined> {
    const hash = sha256(key);
    const [found] = await rows<Principal & { stale: boolean }>(this.database, `
      select workspace_id as "workspaceId", role, null as "userId", id as "apiKeyId", coalesce(last_used_at < now() - interval '1 minute', true) as stale
      from api_keys where key_hash = $1 and revoked_at is null`, [hash]);
    if (found === undefined) return undefined;
    if (found.stale) await rows(this.database, 'update api_keys set last_used_at = now() where key_hash = $1', [hash]);
    const { stale: _, ...principal } = found;
    return principal;
  }

  /** Also those revoked; newest first. */
  apiKeys(workspaceId: string): Promise<ApiKeyEntity[]> {
    return this.database.getRepository(ApiKeyEntity).find({ where: { workspaceId }, order: { id: 'DESC' } });
  }

  async createApiKey(workspaceId: string, name: string, role: Role, key: string): Promise<ApiKeyEntity> {
    const row = keyRow(workspaceId, name, role, key);
    await this.database.getRepository(ApiKeyEntity).insert(row);
    return this.database.getRepository(ApiKeyEntity).findOneByOrFail({ id: row.id });
  }

  /** False when the workspace has no such key in use. */
  async revokeApiKey(workspaceId: string, id: string): Promise<boolean> {
    if (!isId(id)) return false;
    return (await rows(this.database, 'update api_keys set revoked_at = now() where id = $1 and workspace_id = $2 and revoked_at is null returning 1', [id, workspaceId])).length > 0;
  }
}

const keyRow = (workspaceId: string, name: string, role: Role, key: string) => ({ id: newId(), workspaceId, name, role, prefix: key.slice(0, 8), keyHash: sha256(key) });
