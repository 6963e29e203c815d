import type { DataSource } from 'typeorm';
import { rows } from './database.js';
import { DUE, createDueAfter, type DueSource } from './due.js';
import { WorkspaceEntity } from './entities/access.entity.js';

/** A workspace's settings. */
export class WorkspaceRepository {
  constructor(private readonly database: DataSource) {}

  get(id: string): Promise<WorkspaceEntity> { return this.database.getRepository(WorkspaceEntity).findOneByOrFail({ id }); }

  async rename(id: string, name: string): Promise<void> { await this.database.getRepository(WorkspaceEntity).update({ id }, { name }); }

  /** Sources with preferred times are due by the new zone at once. False: the database doesn't know the zone. */
  setTimeZone(id: string, timeZone: string): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const known = await rows(tx, `update workspaces set time_zone = $2 where id = $1 and exists (select from pg_timezone_names where name = $2) returning 1`, [id, timeZone]);
      if (known.length === 0) return false;
      const sources = await rows<DueSource & { id: string; now: Date }>(tx, `
        select s.id, now() as now, ${DUE} from sources s join workspaces w on w.id = s.workspace_id where s.workspace_id = $1 and s.schedule_mode = 'times' and s.deleted_at is null for update of s`, [id]);
      const dueAfter = createDueAfter();
      await rows(tx, 'update sources s set next_run_at = p.next_run_at from unnest($1::uuid[], $2::timestamptz[]) as p(id, next_run_at) where s.id = p.id',
        [sources.map((source) => source.id), sources.map((source) => dueAfter(source, source.now.getTime()))]);
      return true;
    });
  }
}
