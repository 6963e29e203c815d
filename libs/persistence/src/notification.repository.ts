import type { DataSource } from 'typeorm';
import { newId, rows, type Executor } from './database.js';

/** What people may want to be told of. */
export const NOTIFICATION_KINDS = ['run_failed', 'run_partial', 'access_denied', 'paused', 'reads_nothing', 'destination_disabled'] as const;
export type NotificationKind = (typeof NOTIFICATION_KINDS)[number];

/** Whom a workspace wants to be told, and of what. */
export interface NotificationSettings {
  readonly emails: readonly string[];
  /** The hook's URL, sealed as `sealContext.notificationHook(workspaceId)`. */
  readonly hookSealed: string | null;
  /** Its host, to be shown. */
  readonly hookLocation: string | null;
  readonly kinds: readonly NotificationKind[];
}

export interface KeptNotification {
  readonly id: string;
  readonly sourceId: string | null;
  readonly runId: string | null;
  /** `test`: a person tried it. */
  readonly kind: NotificationKind | 'test';
  readonly title: string;
  readonly remedy: string;
  readonly createdAt: Date;
  /** Channels that have it: `mail`, `hook`. */
  readonly delivered: readonly string[];
  readonly doneAt: Date | null;
  readonly lastError: string | null;
}

/** One that is to be sent, and where to. */
export interface DueNotification extends Omit<KeptNotification, 'doneAt' | 'lastError'>, Pick<NotificationSettings, 'emails' | 'hookSealed'> {
  readonly workspaceId: string;
  readonly workspace: string;
  readonly source: string | null;
}

const FIRST_PAUSE_SECONDS = 10;
const LONGEST_PAUSE_SECONDS = 3_600;
const GIVE_UP_DAYS = 3;

const COLUMNS = `n.id, n.source_id as "sourceId", n.run_id as "runId", n.kind, n.title, n.remedy, n.created_at as "createdAt", n.delivered`;

export class NotificationRepository {
  constructor(private readonly database: DataSource) {}

  /** Until somebody changes it nobody is told, of everything; a kind that is new since then is wanted. */
  async settings(workspaceId: string): Promise<NotificationSettings> {
    const [found] = await rows<NotificationSettings>(this.database, `
      select emails, hook_sealed as "hookSealed", hook_location as "hookLocation", array(select kind from unnest($2::text[]) kind where ${isChosen('kind')}) as kinds
      from notification_settings n where workspace_id = $1`, [workspaceId, NOTIFICATION_KINDS]);
    return found ?? { emails: [], hookSealed: null, hookLocation: null, kinds: NOTIFICATION_KINDS };
  }

  async change(workspaceId: string, { emails, hookSealed, hookLocation, kinds }: NotificationSettings): Promise<void> {
    await rows(this.database, `
      insert into notification_settings (workspace_id, emails, hook_sealed, hook_location, kinds, known) values ($1, $2, $3, $4, $5, $6)
      on conflict (workspace_id) do update set emails = excluded.emails, hook_sealed = excluded.hook_sealed, hook_location = excluded.hook_location, kinds = excluded.kinds, known = excluded.known, updated_at = now()`,
    [workspaceId, emails, hookSealed, hookLocation, kinds, NOTIFICATION_KINDS]);
  }

  /** Something that nothing happened for. */
  async test(workspaceId: string): Promise<void> {
    await rows(this.database, `insert into notifications (id, workspace_id, kind, title, remedy) values ($1, $2, 'test', 'This is a test.', 'Nothing has to be done.')`, [newId(), workspaceId]);
  }

  /** Newest first. */
  recent(workspaceId: string, limit: number): Promise<KeptNotification[]> {
    return rows(this.database, `select ${COLUMNS}, n.done_at as "doneAt", n.last_error as "lastError" from notifications n where n.workspace_id = $1 order by n.id desc limit $2`, [workspaceId, limit]);
  }

  /**
   * Takes what is to be sent now; each is due again, less and less often, unless `delivered` says that all have it.
   * @param holdMs for so long nobody else takes it
   */
  take(limit: number, holdMs: number): Promise<DueNotification[]> {
    return rows(this.database, `
      with due as (select id from notifications where done_at is null and next_try_at <= now() order by next_try_at limit $1 for update skip locked)
      update notifications n set tries = tries + 1,
        next_try_at = now() + greatest($2 * interval '1 ms', least(${LONGEST_PAUSE_SECONDS}, ${FIRST_PAUSE_SECONDS} * power(2, least(tries, 20))) * (0.75 + random() / 2) * interval '1 second')
      from due join workspaces w on true left join notification_settings s on s.workspace_id = w.id
      where n.id = due.id and w.id = n.workspace_id
      returning ${COLUMNS}, n.workspace_id as "workspaceId", w.name as workspace, (select name from sources where id = n.source_id) as source, coalesce(s.emails, '{}') as emails, s.hook_sealed as "hookSealed"`, [limit, holdMs]);
  }

  /** These channels have it now; `all` ends it. `error` is why another one hasn't. */
  async delivered(id: string, channels: readonly string[], all: boolean, error: string | undefined): Promise<void> {
    await rows(this.database, `
      update notifications set delivered = delivered || to_jsonb($2::text[]), last_error = $4, done_at = case when $3 or created_at < now() - interval '${GIVE_UP_DAYS} days' then now() end where id = $1`,
    [id, channels, all, error ?? null]);
  }
}

/** SQL: the settings `n` have this kind (an expression), or are older than it. */
const isChosen = (kind: string): string => `(${kind} = any(n.kinds) or ${kind} <> all(n.known))`;

/** SQL: the settings `n` want this kind (an expression), and name somebody. */
export const isWanted = (kind: string): string => `${isChosen(kind)} and (cardinality(n.emails) > 0 or n.hook_sealed is not null)`;

/** To whoever the source's workspace wants to be told of this; to nobody where it doesn't. */
export async function putNotification(executor: Executor, { sourceId, runId, kind, title, remedy }: Pick<KeptNotification, 'sourceId' | 'runId' | 'title' | 'remedy'> & { readonly kind: NotificationKind }): Promise<void> {
  await rows(executor, `
    insert into notifications (id, workspace_id, source_id, run_id, kind, title, remedy) select $1, s.workspace_id, s.id, $3, $4, $5, $6
    from sources s join notification_settings n on n.workspace_id = s.workspace_id
    where s.id = $2 and ${isWanted('$4')}`, [newId(), sourceId, runId, kind, title, remedy]);
}
