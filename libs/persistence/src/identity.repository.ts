import type { DataSource, EntityManager } from 'typeorm';
import { newId, rows } from './database.js';
import type { Role } from './entities/access.entity.js';

/** A person as an identity provider knows them: `subject` never changes there, the e-mail may. */
export interface Identity { readonly issuer: string; readonly subject: string; readonly email: string }

export interface LinkedIdentity { readonly issuer: string; readonly email: string; readonly createdAt: Date; readonly lastUsedAt: Date }

/** Who came from an identity provider. */
export class IdentityRepository {
  constructor(private readonly database: DataSource) {}

  /** The account that the identity belongs to. */
  async find({ issuer, subject }: Identity): Promise<{ readonly id: string; readonly email: string } | undefined> {
    const [found] = await rows<{ id: string; email: string }>(this.database, `
      with used as (update identities set last_used_at = now() where issuer = $1 and subject = $2 returning user_id) select u.id, u.email from used join users u on u.id = used.user_id`, [issuer, subject]);
    return found;
  }

  of(userId: string): Promise<LinkedIdentity[]> {
    return rows(this.database, 'select issuer, email, created_at as "createdAt", last_used_at as "lastUsedAt" from identities where user_id = $1 order by created_at', [userId]);
  }

  /** False when the identity belongs to somebody else. */
  async link(userId: string, { issuer, subject, email }: Identity): Promise<boolean> {
    return (await rows(this.database, `insert into identities (issuer, subject, user_id, email) values ($1, $2, $3, $4)
      on conflict (issuer, subject) do update set email = excluded.email, last_used_at = now() where identities.user_id = excluded.user_id returning 1`, [issuer, subject, userId, email])).length > 0;
  }

  /** Of a person who has a password, so that a way in is left. False: there is none. */
  async unlink(userId: string): Promise<boolean> {
    const left = await rows(this.database, 'delete from identities using users u where u.id = user_id and user_id = $1 and u.has_password returning 1', [userId]);
    return left.length > 0 || (await this.of(userId)).length === 0;
  }

  /** The person becomes a member wherever this e-mail is invited. The provider says that the e-mail is theirs. */
  joinInvited(userId: string, email: string): Promise<number> {
    return this.database.transaction((tx) => join(tx, userId, email));
  }

  /**
   * An account for an identity that has none: for who is invited, or for anybody with the role `otherwise`, in the oldest workspace.
   * @param passwordHash of a password that nobody knows
   * @returns `exists`: an account has this e-mail, and only its person may link it
   */
  async create(identity: Identity, passwordHash: string, otherwise: Role | undefined): Promise<string | 'exists' | 'not_invited'> {
    const refusal = new Error('not_invited');
    return this.database.transaction(async (tx) => {
      const [user] = await rows<{ id: string }>(tx, 'insert into users (id, email, password_hash, has_password) values ($1, $2, $3, false) on conflict (lower(email)) do nothing returning id', [newId(), identity.email, passwordHash]);
      if (user === undefined) return 'exists';
      const joined = await join(tx, user.id, identity.email);
      if (joined === 0) {
        if (otherwise === undefined) throw refusal;
        await rows(tx, 'insert into memberships (workspace_id, user_id, role) select id, $1, $2 from workspaces order by created_at, id limit 1', [user.id, otherwise]);
      }
      await rows(tx, 'insert into identities (issuer, subject, user_id, email) values ($1, $2, $3, $4)', [identity.issuer, identity.subject, user.id, identity.email]);
      return user.id;
    }).catch((error: unknown) => { if (error === refusal) return 'not_invited' as const; throw error; });
  }
}

async function join(tx: EntityManager, userId: string, email: string): Promise<number> {
  const joined = await rows(tx, `
    with used as (delete from invitations where lower(email) = lower($2) and expires_at > now() returning workspace_id, role)
    insert into memberships (workspace_id, user_id, role) select workspace_id, $1, role from used on conflict do nothing returning 1`, [userId, email]);
  return joined.length;
}
