import type { DataSource, EntityManager } from 'typeorm';
import { isId, newId, rows, sha256 } from './database.js';
import type { Role } from './entities/access.entity.js';
import { remember, type Idempotency } from './idempotency.js';

export interface Member { readonly id: string; readonly email: string; readonly role: Role; readonly joinedAt: Date; readonly lastSeenAt: Date | null }

export interface Invitation { readonly id: string; readonly email: string; readonly role: Role; readonly invitedBy: string | null; readonly createdAt: Date; readonly expiresAt: Date }

/** What a link leads to; `userId`: the e-mail has an account already. */
export interface OpenInvitation extends Invitation { readonly workspaceId: string; readonly workspace: string; readonly userId: string | null }

/** `last_owner`: a workspace without an owner could never get one again. */
export type MemberChange = 'done' | 'absent' | 'last_owner';

const MEMBER = `select u.id, u.email, m.role, m.created_at as "joinedAt", (select max(last_seen_at) from sessions s where s.user_id = u.id and s.workspace_id = m.workspace_id) as "lastSeenAt"
  from memberships m join users u on u.id = m.user_id where m.workspace_id = $1`;
const INVITATION = `i.id, i.email, i.role, (select email from users where id = i.invited_by) as "invitedBy", i.created_at as "createdAt", i.expires_at as "expiresAt"`;

/** The people of a workspace, and those who were asked to join it. */
export class MemberRepository {
  constructor(private readonly database: DataSource) {}

  /** By id, after `after`. */
  list(workspaceId: string, limit: number, after?: string): Promise<Member[]> {
    return rows(this.database, `${MEMBER} and ($3::uuid is null or u.id > $3) order by u.id limit $2`, [workspaceId, limit, after ?? null]);
  }

  async get(workspaceId: string, id: string): Promise<Member | undefined> {
    return isId(id) ? (await rows<Member>(this.database, `${MEMBER} and u.id = $2`, [workspaceId, id]))[0] : undefined;
  }

  /** Takes effect at the member's next request. */
  changeRole(workspaceId: string, userId: string, role: Role): Promise<MemberChange> {
    return this.guarded(workspaceId, userId, role !== 'owner', async (tx) => { await rows(tx, 'update memberships set role = $3 where workspace_id = $1 and user_id = $2', [workspaceId, userId, role]); });
  }

  /** Ends the member's sessions in the workspace; the account stays, for it may be in others. */
  remove(workspaceId: string, userId: string): Promise<MemberChange> {
    return this.guarded(workspaceId, userId, true, async (tx) => {
      await rows(tx, 'delete from sessions where workspace_id = $1 and user_id = $2', [workspaceId, userId]);
      await rows(tx, 'delete from memberships where workspace_id = $1 and user_id = $2', [workspaceId, userId]);
    });
  }

  /** Changes of one workspace's owners go one after the other: two owners can't remove each other at once. */
  private guarded(workspaceId: string, userId: string, lowers: boolean, change: (tx: EntityManager) => Promise<void>): Promise<MemberChange> {
    if (!isId(userId)) return Promise.resolve('absent');
    return this.database.transaction(async (tx) => {
      await rows(tx, 'select 1 from workspaces where id = $1 for update', [workspaceId]);
      const members = await rows<{ id: string; role: Role }>(tx, `select user_id as id, role from memberships where workspace_id = $1 and (user_id = $2 or role = 'owner')`, [workspaceId, userId]);
      const member = members.find(({ id }) => id === userId);
      if (member === undefined) return 'absent';
      if (lowers && member.role === 'owner' && members.length === 1) return 'last_owner';
      await change(tx);
      return 'done';
    });
  }

  /** Open ones, and those that expired lately; by id, after `after`. */
  invitations(workspaceId: string, limit: number, after?: string): Promise<Invitation[]> {
    return rows(this.database, `select ${INVITATION} from invitations i where workspace_id = $1 and ($3::uuid is null or i.id > $3) order by i.id limit $2`, [workspaceId, limit, after ?? null]);
  }

  async invitation(workspaceId: string, id: string): Promise<Invitation | undefined> {
    return isId(id) ? (await rows<Invitation>(this.database, `select ${INVITATION} from invitations i where workspace_id = $1 and id = $2`, [workspaceId, id]))[0] : undefined;
  }

  /**
   * Takes the place of an earlier one for this e-mail, whose link works no more.
   * @returns its id; undefined: who has this e-mail is a member already
   * @throws IdempotencyConflict when the key is taken
   */
  invite(invitation: { readonly workspaceId: string; readonly email: string; readonly role: Role; readonly invitedBy: string | null; readonly token: string; readonly days: number }, idempotency: Idempotency | undefined): Promise<string | undefined> {
    const { workspaceId, email, role, invitedBy, token, days } = invitation;
    return this.database.transaction(async (tx) => {
      const id = newId();
      const member = await rows(tx, 'select 1 from memberships m join users u on u.id = m.user_id where m.workspace_id = $1 and lower(u.email) = lower($2)', [workspaceId, email]);
      if (member.length > 0) return undefined;
      await remember(tx, workspaceId, id, idempotency);
      await rows(tx, `insert into invitations (id, workspace_id, email, role, token_hash, invited_by, expires_at) values ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 day')
        on conflict (workspace_id, lower(email)) do update set id = excluded.id, email = excluded.email, role = excluded.role, token_hash = excluded.token_hash, invited_by = excluded.invited_by, created_at = now(), expires_at = excluded.expires_at`,
        [id, workspaceId, email, role, sha256(token), invitedBy, days]);
      return id;
    });
  }

  /** False when the workspace has no such invitation. */
  async withdraw(workspaceId: string, id: string): Promise<boolean> {
    return isId(id) && (await rows(this.database, 'delete from invitations where workspace_id = $1 and id = $2 returning 1', [workspaceId, id])).length > 0;
  }

  /** Undefined: unknown, used, withdrawn or expired. */
  async open(token: string): Promise<OpenInvitation | undefined> {
    const [found] = await rows<OpenInvitation>(this.database, `
      select ${INVITATION}, i.workspace_id as "workspaceId", w.name as workspace, u.id as "userId"
      from invitations i join workspaces w on w.id = i.workspace_id left join users u on lower(u.email) = lower(i.email)
      where i.token_hash = $1 and i.expires_at > now()`, [sha256(token)]);
    return found;
  }

  /**
   * Uses the link up and makes the membership, and the account unless there is one. Who became a member in between keeps the role.
   * @param passwordHash of a new account; undefined: the account is there
   * @returns the member; undefined when the link works no more, or the account isn't as it was
   */
  accept(token: string, passwordHash: string | undefined): Promise<{ readonly userId: string; readonly workspaceId: string } | undefined> {
    return this.database.transaction(async (tx) => {
      const [used] = await rows<{ workspaceId: string; email: string; role: Role }>(tx, 'delete from invitations where token_hash = $1 and expires_at > now() returning workspace_id as "workspaceId", email, role', [sha256(token)]);
      if (used === undefined) return undefined;
      const [user] = passwordHash === undefined
        ? await rows<{ id: string }>(tx, 'select id from users where lower(email) = lower($1)', [used.email])
        : await rows<{ id: string }>(tx, 'insert into users (id, email, password_hash) values ($1, $2, $3) on conflict (lower(email)) do nothing returning id', [newId(), used.email, passwordHash]);
      if (user === undefined) return undefined;
      await rows(tx, 'insert into memberships (workspace_id, user_id, role) values ($1, $2, $3) on conflict do nothing', [used.workspaceId, user.id, used.role]);
      return { userId: user.id, workspaceId: used.workspaceId };
    });
  }
}
