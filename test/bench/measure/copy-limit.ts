import { finished } from 'node:stream/promises';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { COLUMNS, TABLE, copyLine, shopRow, type ShopRow } from './shop-rows.js';

const ROWS_PER_COMMIT = 10_000;
const CHUNK_ROWS = 200;

const encode = (rows: readonly ShopRow[]): Buffer => Buffer.from(rows.map(copyLine).join(''));

/**
 * The machine's own limit: text COPY into a table with a primary key, over one connection, 10,000 rows to a commit. The
 * rows are in memory before the clock runs; their encoding counts unless they are `encoded` beforehand, too.
 */
export async function copyLimit(url: string, count: number, encoded: boolean): Promise<{ readonly perSecond: number; readonly cpuSeconds: number }> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    // as the loader's own session commits
    await client.query('set synchronous_commit = off; create schema if not exists bench_copy; drop table if exists bench_copy.customers');
    await client.query(`create table bench_copy.customers (${TABLE})`);
    let milliseconds = 0;
    let microseconds = 0;
    for (let at = 0; at < count; at += ROWS_PER_COMMIT) {
      const rows = Array.from({ length: Math.min(ROWS_PER_COMMIT, count - at) }, (_, index) => shopRow(at + index, 1));
      const groups = Array.from({ length: Math.ceil(rows.length / CHUNK_ROWS) }, (_, index) => rows.slice(index * CHUNK_ROWS, (index + 1) * CHUNK_ROWS));
      const chunks: readonly (readonly ShopRow[] | Buffer)[] = encoded ? groups.map(encode) : groups;
      const [began, used] = [performance.now(), process.cpuUsage()];
      await client.query('begin');
      const stream = client.query(copyFrom(`copy bench_copy.customers (${COLUMNS}) from stdin`));
      for (const chunk of chunks) if (!stream.write(Buffer.isBuffer(chunk) ? chunk : encode(chunk as readonly ShopRow[]))) await new Promise((resolve) => { stream.once('drain', resolve); });
      stream.end();
      await finished(stream);
      await client.query('commit');
      milliseconds += performance.now() - began;
      const { user, system } = process.cpuUsage(used);
      microseconds += user + system;
    }
    return { perSecond: 1000 * count / milliseconds, cpuSeconds: microseconds / 1e6 };
  } finally {
    await client.query('drop schema if exists bench_copy cascade').catch(() => undefined);
    await client.end();
  }
}
