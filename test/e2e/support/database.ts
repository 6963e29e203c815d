import { Pool, type QueryResultRow } from 'pg';

/** A database, looked at from outside. */
export class Database {
  private readonly pool: Pool;

  constructor(url: string) {
    this.pool = new Pool({ connectionString: url, max: 3 });
    this.pool.on('error', () => undefined); // the server may end before we do
  }

  close(): Promise<void> { return this.pool.end(); }

  async rows<T extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
    return (await this.pool.query<T>(sql, [...values])).rows;
  }

  /** Rows of a table; 0 while it isn't there. */
  async count(schema: string, table: string, where = 'true'): Promise<number> {
    const [found] = await this.rows('select 1 from information_schema.tables where table_schema = $1 and table_name = $2', [schema, table]);
    if (found === undefined) return 0;
    return Number((await this.rows<{ n: string }>(`select count(*) as n from "${schema}"."${table}" where ${where}`))[0]?.n);
  }

  /** Every row of every table as text. */
  async dump(): Promise<string> {
    const tables = await this.rows<{ name: string }>(`select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`);
    const parts: string[] = [];
    for (const { name } of tables) parts.push(name, ...(await this.rows<{ line: string }>(`select t::text as line from ${name} t`)).map(({ line }) => line));
    return parts.join('\n');
  }
}
