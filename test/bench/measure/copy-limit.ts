import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { finished } from 'node:stream/promises';
import { COLUMNS, TABLE, copyLine, shopRow } from './shop-rows.js';

const ROWS_PER_COMMIT = 10_000;
const CHUNK_ROWS = 200;

/** The machine's own limit: rows a second of text COPY into a table with a primary key, one connection; without making the rows. */
export async function copyRowsPerSecond(url: string, count: number): Promise<number> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    // as the loader's own session commits
    await client.query('set synchronous_commit = off; create schema if not exists bench_copy; drop table if exists bench_copy.customers');
    await client.query(`create table bench_copy.customers (${TABLE})`);
    let seconds = 0;
    for (let at = 0; at < count; at += ROWS_PER_COMMIT) {
      const chunks: Buffer[] = [];
      for (let start = at; start < Math.min(count, at + ROWS_PER_COMMIT); start += CHUNK_ROWS) {
        let text = '';
        for (let index = start; index < Math.min(count, at + ROWS_PER_COMMIT, start + CHUNK_ROWS); index++) text += copyLine(shopRow(index, 1));
        chunks.push(Buffer.from(text));
      }
      const began = performance.now();
      await client.query('begin');
      const stream = client.query(copyFrom(`copy bench_copy.customers (${COLUMNS}) from stdin`));
      for (const chunk of chunks) if (!stream.write(chunk)) await new Promise((resolve) => { stream.once('drain', resolve); });
      stream.end();
      await finished(stream);
      await client.query('commit');
      seconds += (performance.now() - began) / 1000;
    }
    return count / seconds;
  } finally {
    await client.query('drop schema if exists bench_copy cascade').catch(() => undefined);
    await client.end();
  }
}
