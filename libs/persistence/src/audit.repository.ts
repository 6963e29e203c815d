import type { DataSource } from 'typeorm';
import { jsonb, newId, rows } from './database.js';

export const ACTOR_KINDS = ['person', 'api_key', 'nobody'] as const;
export type ActorKind = (typeof ACTOR_KINDS)[number];

export interface AuditEntry {
  readonly id: string;
  readonly at: Date;
  /** `nobody`: a sign-in that was refused. */
  readonly actorKind: ActorKind;
  readonly actorId: string | null;
  readonly actorName: string;
  /** Stable, `<resource>.<what>`. */
  readonly action: string;
  readonly title: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly targetId: string | null;
  readonly targetName: string | null;
  /** Of the answer; null: none was sent. */
  readonly status: number | null;
  /** Names of the fields that were sent, with the values of harmless ones; null for the others. */
  readonly changes: Readonly<Record<string, string | number | boolean | null>>;
  readonly ip: string;
  readonly userAgent: string;
}

export type NewAuditEntry = Omit<AuditEntry, 'id' | 'at'> & { readonly workspaceId: string };

export interface AuditFilter { readonly action?: string; readonly actorId?: string; readonly targetId?: string; readonly outcome?: 'done' | 'refused'; readonly from?: Date; readonly to?: Date }

const COLUMNS = `id, at, actor_kind as "actorKind", actor_id as "actorId", actor_name as "actorName", action, title, method, path, target_id as "targetId", target_name as "targetName", status, changes, ip, user_agent as "userAgent"`;

/** Who did what. Entries are added and never changed, but for how the request ended. */
export class AuditRepository {
  constructor(private readonly database: DataSource) {}

  async add({ workspaceId, actorKind, actorId, actorName, action, title, method, path, targetId, targetName, status, changes, ip, userAgent }: NewAuditEntry): Promise<string> {
    const id = newId();
    await rows(this.database, `
      insert into audit_log (id, workspace_id, actor_kind, actor_id, actor_name, action, title, method, path, target_id, target_name, status, changes, ip, user_agent)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`, [id, workspaceId, actorKind, actorId, actorName, action, title, method, path, targetId, targetName, status, jsonb(changes), ip, userAgent]);
    return id;
  }

  async ended(id: string, status: number, target: { readonly id: string; readonly name: string | null } | undefined): Promise<void> {
    await rows(this.database, 'update audit_log set status = $2, target_id = coalesce(target_id, $3), target_name = coalesce(target_name, $4) where id = $1 and status is null', [id, status, target?.id ?? null, target?.name ?? null]);
  }

  /** Newest first, before `before` (an id). */
  list(workspaceId: string, { action, actorId, targetId, outcome, from, to }: AuditFilter, limit: number, before?: string): Promise<AuditEntry[]> {
    return rows(this.database, `
      select ${COLUMNS} from audit_log where workspace_id = $1 and ($3::uuid is null or id < $3) and ($4::text is null or action = $4) and ($5::uuid is null or actor_id = $5)
        and ($6::text is null or target_id = $6) and ($7::text is null or (coalesce(status, 0) >= 400) = ($7 = 'refused')) and ($8::timestamptz is null or at >= $8) and ($9::timestamptz is null or at < $9)
      order by id desc limit $2`, [workspaceId, limit, before ?? null, action ?? null, actorId ?? null, targetId ?? null, outcome ?? null, from ?? null, to ?? null]);
  }

  /** Kinds of actions that the log has, for filters. */
  actions(workspaceId: string): Promise<{ readonly action: string; readonly title: string }[]> {
    return rows(this.database, 'select action, max(title) as title from audit_log where workspace_id = $1 group by action order by action', [workspaceId]);
  }
}
