import type { DataSource } from 'typeorm';
import { isId, newId, rows, type Executor } from './database.js';

/** What one warehouse takes of one source. */
export interface Selection {
  readonly sourceId: string;
  readonly slug: string;
  readonly connector: string;
  readonly included: boolean;
  readonly collectionsLeftOut: readonly string[];
  /** Paths of fields (parts joined by dots) by collection. */
  readonly columnsLeftOut: Readonly<Record<string, readonly string[]>>;
  /** The newest one; null when there was none. */
  readonly catchUp: CatchUp | null;
}

/** Records before the moment at which they were chosen, on their way into the warehouse. */
export interface CatchUp {
  readonly id: string;
  readonly state: 'queued' | 'running' | 'done';
  /** Null: all. */
  readonly collections: readonly string[] | null;
  readonly recordsRead: number;
  /** Null until the topics have been looked at. Of all sources that share them. */
  readonly recordsTotal: number | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

export type SelectionChange = Pick<Selection, 'included' | 'collectionsLeftOut' | 'columnsLeftOut'>;

/** A catch-up that this process holds the lease of. */
export interface CatchUpTask {
  readonly id: string;
  readonly sourceId: string;
  readonly collections: readonly string[] | null;
  /** What the loaders must know of before the end of the topics counts. */
  readonly selectionVersion: number;
  /** Next offset by `topic/partition`. */
  readonly positions: Readonly<Record<string, string>>;
  readonly recordsRead: number;
}

const SELECTION = `select s.id as "sourceId", s.slug, s.connector, coalesce(w.included, s.warehouse_id is not distinct from $1) as included,
  coalesce(w.collections_left_out, '{}') as "collectionsLeftOut", coalesce(w.columns_left_out, '{}') as "columnsLeftOut",
  (select jsonb_build_object('id', c.id, 'state', c.state, 'collections', c.collections, 'recordsRead', c.records_read, 'recordsTotal', c.records_total, 'createdAt', c.created_at, 'finishedAt', c.finished_at)
   from warehouse_catch_ups as c where c.warehouse_id = $1 and c.source_id = s.id order by c.id desc limit 1) as "catchUp"
  from sources as s left join warehouse_sources as w on w.source_id = s.id and w.warehouse_id = $1 where s.deleted_at is null`;

/** Which sources, collections and columns each warehouse takes, and what is caught up with. The caller has checked that both belong to the workspace. */
export class SelectionRepository {
  constructor(private readonly database: DataSource) {}

  /** Of all sources of the workspace, by slug. */
  async list(workspaceId: string, warehouseId: string): Promise<Selection[]> {
    return (await rows<Selection>(this.database, `${SELECTION} and s.workspace_id = $2 order by s.slug`, [warehouseId, workspaceId])).map(dated);
  }

  async get(warehouseId: string, sourceId: string): Promise<Selection | undefined> {
    return isId(sourceId) ? (await rows<Selection>(this.database, `${SELECTION} and s.id = $2`, [warehouseId, sourceId])).map(dated)[0] : undefined;
  }

  /** Exactly this from now on; what was turned on is caught up with. `collections` are all that the connector has. */
  choose(warehouseId: string, sourceId: string, change: SelectionChange, collections: readonly string[]): Promise<void> {
    return this.database.transaction(async (tx) => {
      await rows(tx, 'select 1 from warehouses where id = $1 for update', [warehouseId]);
      const [before] = await rows<Selection>(tx, `${SELECTION} and s.id = $2`, [warehouseId, sourceId]);
      if (before === undefined) return;
      await rows(tx, `insert into warehouse_sources (warehouse_id, source_id, included, collections_left_out, columns_left_out) values ($1, $2, $3, $4, $5)
        on conflict (warehouse_id, source_id) do update set included = excluded.included, collections_left_out = excluded.collections_left_out, columns_left_out = excluded.columns_left_out, updated_at = now()`,
      [warehouseId, sourceId, change.included, change.collectionsLeftOut, JSON.stringify(change.columnsLeftOut)]);
      const turnedOn = collections.filter((name) => takes(change, name) && (!takes(before, name) || (before.columnsLeftOut[name] ?? []).some((path) => !(change.columnsLeftOut[name] ?? []).includes(path))));
      await changed(tx, warehouseId, sourceId, turnedOn);
    });
  }

  /** Loads these collections (null: all) from the beginning of their topics again. */
  reload(warehouseId: string, sourceId: string, collections: readonly string[] | null): Promise<void> {
    return this.database.transaction((tx) => changed(tx, warehouseId, sourceId, collections));
  }

  /** The versions of the warehouses' selections, by id. Read them before the sources: those are then at least as new. */
  async versions(): Promise<Map<string, number>> {
    const found = await rows<{ id: string; version: number }>(this.database, 'select id, selection_version::float8 as version from warehouses');
    return new Map(found.map(({ id, version }) => [id, version]));
  }

  /** The oldest catch-up that nobody works at. */
  async take(warehouseId: string, owner: string, leaseMs: number): Promise<CatchUpTask | undefined> {
    const [task] = await rows<CatchUpTask>(this.database, `update warehouse_catch_ups set state = 'running', lease_owner = $2, lease_expires_at = now() + $3::float8 * interval '1 millisecond'
      where id = (select id from warehouse_catch_ups where warehouse_id = $1 and state <> 'done' and (lease_expires_at is null or lease_expires_at < now()) order by id limit 1 for update skip locked)
      returning id, source_id as "sourceId", collections, selection_version::float8 as "selectionVersion", positions, records_read::float8 as "recordsRead"`, [warehouseId, owner, leaseMs]);
    return task;
  }

  /** How far it has come, which also renews the lease. False: it is somebody else's now, or another one took its place. */
  async progress(id: string, owner: string, leaseMs: number, { positions, recordsRead, recordsTotal }: { readonly positions: Readonly<Record<string, string>>; readonly recordsRead: number; readonly recordsTotal: number }): Promise<boolean> {
    return (await rows(this.database, `update warehouse_catch_ups set positions = $4, records_read = $5, records_total = $6, lease_expires_at = now() + $3::float8 * interval '1 millisecond'
      where id = $1 and lease_owner = $2 and state = 'running' returning 1`, [id, owner, leaseMs, JSON.stringify(positions), recordsRead, recordsTotal])).length > 0;
  }

  /** Lets go of it, for another loader to go on, or for good. */
  async end(id: string, owner: string, done: boolean): Promise<void> {
    await rows(this.database, `update warehouse_catch_ups set state = case when $3 then 'done' else state end, finished_at = case when $3 then now() end, lease_expires_at = null, lease_owner = null
      where id = $1 and lease_owner = $2 and state = 'running'`, [id, owner, done]);
  }
}

const takes = ({ included, collectionsLeftOut }: SelectionChange, collection: string): boolean => included && !collectionsLeftOut.includes(collection);

/** Dates inside of JSON come as text. */
const dated = (selection: Selection): Selection => {
  const { catchUp } = selection;
  return { ...selection, catchUp: catchUp && { ...catchUp, createdAt: new Date(catchUp.createdAt), finishedAt: catchUp.finishedAt && new Date(catchUp.finishedAt) } };
};

/** A new version of the warehouse's selection, and a catch-up for what was turned on; one that is open becomes part of it. */
async function changed(tx: Executor, warehouseId: string, sourceId: string, turnedOn: readonly string[] | null): Promise<void> {
  const [warehouse] = await rows<{ version: string }>(tx, 'update warehouses set selection_version = selection_version + 1 where id = $1 returning selection_version as version', [warehouseId]);
  const [open] = await rows<{ collections: string[] | null }>(tx, `delete from warehouse_catch_ups where warehouse_id = $1 and source_id = $2 and state <> 'done' returning collections`, [warehouseId, sourceId]);
  const collections = turnedOn === null || open?.collections === null ? null : [...new Set([...turnedOn, ...open?.collections ?? []])];
  if (collections?.length === 0 || warehouse === undefined) return;
  await rows(tx, 'insert into warehouse_catch_ups (id, warehouse_id, source_id, collections, selection_version) values ($1, $2, $3, $4, $5)', [newId(), warehouseId, sourceId, collections, warehouse.version]);
}

/** Ids of the warehouses that take the source. */
export async function takenBy(tx: Executor, sourceId: string): Promise<string[]> {
  const found = await rows<{ id: string }>(tx, `select w.id from warehouses as w join sources as s on s.id = $1 left join warehouse_sources as ws on ws.warehouse_id = w.id and ws.source_id = s.id
    where coalesce(ws.included, s.warehouse_id is not distinct from w.id)`, [sourceId]);
  return found.map(({ id }) => id);
}

/** After a source was moved: the warehouses that it left and came to are told, the latter catch up. */
export async function followMove(tx: Executor, sourceId: string, before: readonly string[]): Promise<void> {
  const after = await takenBy(tx, sourceId);
  for (const id of before) if (!after.includes(id)) await changed(tx, id, sourceId, []);
  for (const id of after) if (!before.includes(id)) await changed(tx, id, sourceId, null);
}
