import { Client, type FieldDef } from 'pg';
import { Problem } from '../problem.js';
import { requireState } from '../state.js';

const MAX_ROWS = 200;
const MAX_WIDTH = 60;

const TABLES = `select table_schema as schema, table_name as "table", (select count(*) from information_schema.columns c where (c.table_schema, c.table_name) = (t.table_schema, t.table_name)) as columns
  from information_schema.tables t where table_schema not in ('pg_catalog', 'information_schema') order by 1, 2`;

/** `npm run sql -- "select …"`: a query on the warehouse, read only; without one, its tables. */
export async function sql(args: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: requireState().warehouseUrl, application_name: 'npm run sql' });
  await client.connect();
  try {
    await client.query("set default_transaction_read_only = on; set statement_timeout = '60s'; set timezone = 'UTC'");
    const text = args.join(' ').trim();
    const result = await client.query<unknown[]>({ text: text === '' ? TABLES : text, rowMode: 'array', types: { getTypeParser: () => (value: string) => value } })
      .catch((error: unknown) => { throw new Problem(`PostgreSQL says: ${(error as Error).message}`); });
    process.stdout.write(table(result.fields, result.rows));
  } finally {
    await client.end();
  }
}

function cell(value: unknown): string {
  if (value === null) return '';
  const text = String(value).replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  return text.length > MAX_WIDTH ? `${text.slice(0, MAX_WIDTH - 1)}…` : text;
}

/** Columns side by side, as psql shows them. */
export function table(fields: readonly Pick<FieldDef, 'name'>[], rows: readonly (readonly unknown[])[]): string {
  const lines = [fields.map(({ name }) => cell(name)), ...rows.slice(0, MAX_ROWS).map((row) => row.map(cell))];
  const widths = fields.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const text = lines.map((line) => line.map((value, column) => value.padEnd(widths[column] ?? 0)).join(' │ ').trimEnd());
  text.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('─┼─'));
  const more = rows.length > MAX_ROWS ? `, the first ${MAX_ROWS} of them shown` : '';
  return `${text.join('\n')}\n${rows.length} ${rows.length === 1 ? 'row' : 'rows'}${more}\n`;
}
