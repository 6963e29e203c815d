import type { DataSource } from 'typeorm';
import { isId, newId, rows, sha256 } from './database.js';
import { ApiKeyEntity, MembershipEntity, SessionEntity, UserEntity, WorkspaceEntity, type Role } from './entities/access.entity.js';
import { remember, type Idempotency } from './idempotency.js';

/** Who is calling, for which workspace. */
export interface Principal {
  readonly workspaceId: string;
  readonly role: Role;
  readonly userId: string | null;
  readonly apiKeyId: string | null;
  readonly sessionId: string | null;
  /** E-mail of the person, or name of the API key. */
  readonly name: string;
}

/** Where a request comes from. */
export interface Origin { readonly ip: string; readonly userAgent: string }

/** Any constant; only bootstraps take it. */
const BOOTSTRAP_LOCK = 7_302_112;

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

  /** The workspaces of a user, oldest membership first. */
  memberships(userId: string): Promise<MembershipEntity[]> {
    return this.database.getRepository(MembershipEntity).find({ where: { userId }, order: { createdAt: 'ASC' } });
  }

  async workspace(id: string): Promise<WorkspaceEntity> {
    return this.database.getRepository(WorkspaceEntity).findOneByOrFail({ id });
  }

  async createSession(token: string, userId: string, workspaceId: string, ttlMs: number, { ip, userAgent }: Origin): Promise<void> {
    await this.database.getRepository(SessionEntity).insert({ tokenHash: sha256(token), userId, workspaceId, expiresAt: new Date(Date.now() + ttlMs), ip, userAgent });
  }

  /** The last use is noted once a minute. */
  async bySession(token: string): Promise<Principal | undefined> {
    const hash = sha256(token);
    const [found] = await rows<Principal & { stale: boolean }>(this.database, `
      select s.workspace_id as "workspaceId", m.role, s.user_id as "userId", null as "apiKeyId", s.id as "sessionId", u.email as name, s.last_seen_at < now() - interval '1 minute' as stale
      from sessions s join memberships m on m.workspace_id = s.workspace_id and m.user_id = s.user_id join users u on u.id = s.user_id
      where s.token_hash = $1 and s.expires_at > now()`, [hash]);
    if (found === undefined) return undefined;
    if (found.stale) await rows(this.database, 'update sessions set last_seen_at = now() where token_hash = $1', [hash]);
    const { stale: _, ...principal } = found;
    return principal;
  }

  /** The last use is noted once a minute. */
  async byApiKey(key: string): Promise<Principal | undefined> {
    const hash = sha256(key);
    const [found] = await rows<Principal & { stale: boolean }>(this.database, `
      select workspace_id as "workspaceId", role, null as "userId", id as "apiKeyId", null as "sessionId", name, coalesce(last_used_at < now() - interval '1 minute', true) as stale
      from api_keys where key_hash = $1 and revoked_at is null`, [hash]);
    if (found === undefined) return undefined;
    if (found.stale) await rows(this.database, 'update api_keys set last_used_at = now() where key_hash = $1', [hash]);
    const { stale: _, ...principal } = found;
    return principal;
  }

  /** The role that a principal has by now; undefined: none any more. */
  async roleNow({ userId, apiKeyId, sessionId, workspaceId }: Principal): Promise<Role | undefined> {
    const [found] = apiKeyId !== null
      ? await rows<{ role: Role }>(this.database, 'select role from api_keys where id = $1 and revoked_at is null', [apiKeyId])
      : await rows<{ role: Role }>(this.database, `select m.role from sessions s join memberships m on m.user_id = s.user_id and m.workspace_id = $2 where s.id = $1 and s.user_id = $3 and s.expires_at > now()`, [sessionId, workspaceId, userId]);
    return found?.role;
  }

  /** A person's sessions, in whatever workspace, newest first. */
  sessions(userId: string): Promise<SessionEntity[]> {
    return this.database.getRepository(SessionEntity).createQueryBuilder('s').where('s.user_id = :userId and s.expires_at > now()', { userId }).orderBy('s.id', 'DESC').getMany();
  }

  /** False when the person has no such session. */
  async endSession(userId: string, id: string): Promise<boolean> {
    return isId(id) && (await rows(this.database, 'delete from sessions where user_id = $1 and id = $2 returning 1', [userId, id])).length > 0;
  }

  /** All sessions of a person, but `keep`. */
  async endSessions(userId: string, keep?: string | null): Promise<void> {
    await rows(this.database, 'delete from sessions where user_id = $1 and ($2::uuid is null or id <> $2)', [userId, keep ?? null]);
  }

  /** Ends the person's other sessions as well. */
  setPassword(userId: string, passwordHash: string, keep: string | null): Promise<void> {
    return this.database.transaction(async (tx) => {
      await rows(tx, 'update users set password_hash = $2, has_password = true where id = $1', [userId, passwordHash]);
      await rows(tx, 'delete from sessions where user_id = $1 and ($2::uuid is null or id <> $2)', [userId, keep]);
    });
  }

  /** The workspaces that a person is in, by name. */
  workspacesOf(userId: string): Promise<{ readonly id: string; readonly name: string; readonly role: Role }[]> {
    return rows(this.database, 'select w.id, w.name, m.role from memberships m join workspaces w on w.id = m.workspace_id where m.user_id = $1 order by lower(w.name), w.id', [userId]);
  }

  /** @throws IdempotencyConflict when the key is taken */
  createWorkspace(workspace: { readonly id: string; readonly name: string }, ownerId: string, asIn: string, idempotency: Idempotency | undefined): Promise<void> {
    return this.database.transaction(async (tx) => {
      await remember(tx, asIn, workspace.id, idempotency);
      await tx.getRepository(WorkspaceEntity).insert(workspace);
      await tx.getRepository(MembershipEntity).insert({ workspaceId: workspace.id, userId: ownerId, role: 'owner' });
    });
  }

  /** The session shows another workspace from now on. False when its person isn't a member there. */
  async switchWorkspace(sessionId: string, workspaceId: string): Promise<boolean> {
    return isId(workspaceId) && (await rows(this.database, `update sessions s set workspace_id = $2 from memberships m
      where s.id = $1 and m.user_id = s.user_id and m.workspace_id = $2 returning 1`, [sessionId, workspaceId])).length > 0;
  }

  /** Also those revoked; newest first. */
  apiKeys(workspaceId: string, limit: number, before?: string): Promise<ApiKeyEntity[]> {
    const query = this.database.getRepository(ApiKeyEntity).createQueryBuilder('k').where('k.workspace_id = :workspaceId', { workspaceId });
    if (before !== undefined) query.andWhere('k.id < :before', { before });
    return query.orderBy('k.id', 'DESC').limit(limit).getMany();
  }

  async apiKey(workspaceId: string, id: string): Promise<ApiKeyEntity | undefined> {
    return await this.database.getRepository(ApiKeyEntity).findOneBy({ id, workspaceId }) ?? undefined;
  }

  /** @returns its id. @throws IdempotencyConflict when the key is taken */
  createApiKey(workspaceId: string, name: string, role: Role, key: string, idempotency: Idempotency | undefined): Promise<string> {
    return this.database.transaction(async (tx) => {
      const row = keyRow(workspaceId, name, role, key);
      await remember(tx, workspaceId, row.id, idempotency);
      await tx.getRepository(ApiKeyEntity).insert(row);
      return row.id;
    });
  }

  /** False when the workspace has no such key in use. */
  async revokeApiKey(workspaceId: string, id: string): Promise<boolean> {
    if (!isId(id)) return false;
    return (await rows(this.database, 'update api_keys set revoked_at = now() where id = $1 and workspace_id = $2 and revoked_at is null returning 1', [id, workspaceId])).length > 0;
  }
}

const keyRow = (workspaceId: string, name: string, role: Role, key: string) => ({ id: newId(), workspaceId, name, role, prefix: key.slice(0, 8), keyHash: sha256(key) });
