import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { Principal } from './access.repository.js';
import { isId, jsonb, rows } from './database.js';

/** One statement that somebody ran in a warehouse. */
export interface SqlQuery {
  readonly id: string;
  readonly kind: 'query' | 'export';
  /** E-mail, or the name of the API key. */
  readonly author: string;
  readonly statement: string;
  readonly state: 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly startedAt: Date;
  readonly durationMs: number | null;
  readonly rowCount: number | null;
  /** The result was longer than the limit. */
  readonly truncated: boolean | null;
  readonly error: SqlError | null;
}

export interface SqlError { readonly code: string; readonly title: string; readonly remedy: string; readonly position?: number }

export interface SqlQueryEnd { readonly state: 'succeeded' | 'failed' | 'cancelled'; readonly rowCount?: number; readonly truncated?: boolean; readonly durationMs: number; readonly error?: SqlError }

export interface SavedQuery { readonly id: string; readonly name: string; readonly statement: string; readonly author: string; readonly createdAt: Date; readonly updatedAt: Date }

/** The login that people's SQL runs under. `given`: an administrator made it, and its password is sealed as another one's. */
export interface ReaderLogin { readonly role: string; readonly sealed: string; readonly given: boolean }

const KEPT = 1_000;
const LOST = { code: 'internal', title: 'The gateway that ran it has stopped.', remedy: 'Run it again.' };

const QUERY = `id, kind, author, statement, case when state = 'running' and deadline < now() then 'failed' else state end as state, started_at as "startedAt", duration_ms as "durationMs",
  row_count::float8 as "rowCount", truncated, case when state = 'running' and deadline < now() then '${JSON.stringify(LOST)}'::jsonb else error end as error`;
const SAVED = 'id, name, statement, author, created_at as "createdAt", updated_at as "updatedAt"';

/** People's SQL: what was run, what is kept for later, and the login that it runs under. The caller has checked that the warehouse is the workspace's. */
export class QueryRepository {
  constructor(private readonly database: DataSource) {}

  async begin(query: { readonly id: string; readonly warehouseId: string; readonly kind: 'query' | 'export'; readonly statement: string; readonly timeoutMs: number }, { workspaceId, name }: Principal): Promise<void> {
    await rows(this.database, `insert into sql_queries (id, workspace_id, warehouse_id, kind, statement, author, deadline) values ($1, $2, $3, $4, $5, $7, now() + $6::float8 * interval '1 millisecond')`,
      [query.id, workspaceId, query.warehouseId, query.kind, query.statement.replaceAll('\u0000', '\ufffd'), query.timeoutMs, name]);
    await rows(this.database, 'delete from sql_queries where warehouse_id = $1 and id < (select id from sql_queries where warehouse_id = $1 order by id desc offset $2 limit 1)', [query.warehouseId, KEPT]);
  }

  async end(id: string, { state, rowCount, truncated, durationMs, error }: SqlQueryEnd): Promise<void> {
    await rows(this.database, 'update sql_queries set state = $2, row_count = $3, truncated = $4, duration_ms = $5, error = $6 where id = $1', [id, state, rowCount ?? null, truncated ?? null, Math.round(durationMs), jsonb(error)]);
  }

  /** Newest first, older than `before` (an id). */
  list(warehouseId: string, limit: number, before?: string): Promise<SqlQuery[]> {
    return rows(this.database, `select ${QUERY} from sql_queries where warehouse_id = $1 and ($3::uuid is null or id < $3) order by id desc limit $2`, [warehouseId, limit, before ?? null]);
  }

  async get(warehouseId: string, id: string): Promise<SqlQuery | undefined> {
    return isId(id) ? (await rows<SqlQuery>(this.database, `select ${QUERY} from sql_queries where warehouse_id = $1 and id = $2`, [warehouseId, id]))[0] : undefined;
  }

  /** By name. */
  saved(warehouseId: string): Promise<SavedQuery[]> { return rows(this.database, `select ${SAVED} from saved_queries where warehouse_id = $1 order by lower(name), id`, [warehouseId]); }

  /** Replaces the one of that name. `id` is that of a new one. */
  async save(id: string, warehouseId: string, name: string, statement: string, { workspaceId, name: author }: Principal): Promise<SavedQuery> {
    const [saved] = await rows<SavedQuery>(this.database, `insert into saved_queries (id, workspace_id, warehouse_id, name, statement, author) values ($1, $2, $3, $4, $5, $6)
      on conflict (warehouse_id, name) do update set statement = excluded.statement, author = excluded.author, updated_at = now() returning ${SAVED}`, [id, workspaceId, warehouseId, name, statement, author]);
    if (saved === undefined) throw new Error('the query that was just saved is gone');
    return saved;
  }

  /** False: there was none. */
  async forget(warehouseId: string, id: string): Promise<boolean> {
    return isId(id) && (await rows(this.database, 'delete from saved_queries where warehouse_id = $1 and id = $2 returning 1', [warehouseId, id])).length > 0;
  }

  /** The login that reads the warehouse for people; decided when it is first asked for. @param seal a new password */
  async reader(warehouseId: string, seal: (password: string) => string): Promise<ReaderLogin> {
    const find = (): Promise<ReaderLogin[]> => rows<ReaderLogin>(this.database, `select reader_user as role, reader_password_sealed as sealed, true as given from warehouses where id = $1 and reader_user is not null
      union all select role, sealed, false from warehouse_readers where warehouse_id = $1`, [warehouseId]);
    const [known] = await find();
    if (known !== undefined) return known;
    const own = { role: `cs_reader_${warehouseId.replaceAll('-', '')}`, sealed: seal(randomBytes(24).toString('base64url')), given: false };
    await rows(this.database, 'insert into warehouse_readers (warehouse_id, role, sealed) values ($1, $2, $3) on conflict do nothing', [warehouseId, own.role, own.sealed]);
    return (await find())[0] ?? own;
  }

  /** Slugs of the sources whose tables are in this warehouse, or were. */
  async slugs(warehouseId: string): Promise<string[]> {
    const found = await rows<{ slug: string }>(this.database, `select s.slug from sources as s where s.warehouse_id = $1 or exists (select from warehouse_sources as w where w.warehouse_id = $1 and w.source_id = s.id) order by s.slug`, [warehouseId]);
    return found.map(({ slug }) => slug);
  }
}
