import { Client } from 'pg';
import { ScheduleRepository, openDatabase, type DataSource } from '#persistence';
import { tick } from '../../apps/scheduler/src/tick/tick.js';
import { withStack, type BenchStack } from './measure/bench-stack.js';
import { total } from './measure/cpu.js';
import { percentile, scaled, type BenchContext, type BenchResult } from './measure/report.js';
import { until } from './measure/until.js';

const SIZES = [100, 1_000, 10_000];
const ROUNDS = 3;
/** Of sources that run every hour, so many are due in the second of one tick. */
const SHARE = 3_600;
const SYNC_NOWS = 50;
const READS = 20;

/** Wall time and the CPU time of this program, the database and what else the stack has, in ms. */
interface Took { readonly ms: number; readonly cpuMs: number }
interface Measured {
  readonly sources: number; readonly allDue: Took; readonly limit: Took; readonly someDue: Took; readonly lateness: number; readonly syncNow: number; readonly slowest: number;
  readonly list: number; readonly one: number; readonly missing: number; readonly doubled: number;
}

/** Active sources that run every hour, due later; the ones before them are gone. */
async function fill(database: Client, count: number): Promise<void> {
  await database.query('truncate outbox; delete from sources');
  await database.query(`insert into sources (id, workspace_id, connector, name, slug, start_date, interval_minutes, next_run_at)
    select uuid_v7(), w.id, 'stripe', 'Source ' || n, 's' || n, now(), 60, now() + interval '1 hour' from (select id from workspaces limit 1) w, generate_series(1, $1) n`, [count]);
  await database.query(`insert into source_credentials (source_id, sealed) select id, 'x' from sources; insert into source_collections (source_id, collection) select id, 'customers' from sources`);
}

/** As if every run were over and nothing waited to be sent. */
async function settle(database: Client): Promise<void> {
  await database.query(`update runs set state = 'succeeded' where state in ('queued', 'running', 'deferred'); update sources set next_run_at = now() + interval '1 hour'; truncate outbox`);
  for (const table of ['sources', 'runs', 'outbox']) await database.query(`vacuum analyze ${table}`);
}

const makeDue = (database: Client, count: number): Promise<unknown> =>
  database.query(`update sources set next_run_at = now() - random() * interval '0.9 seconds' where id in (select id from sources order by random() limit $1)`, [count]);

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** The same with CPU time, which doesn't depend on what else the machine does. */
async function measured(stack: BenchStack, work: () => Promise<unknown>): Promise<Took> {
  const cpu = stack.cpu();
  return { ms: await timed(work), cpuMs: total(cpu()) * 1_000 };
}
const median = (took: readonly Took[]): Took => ({ ms: percentile(took.map(({ ms }) => ms), 0.5), cpuMs: percentile(took.map(({ cpuMs }) => cpuMs), 0.5) });

/** One tick of the scheduler's own function with so many sources due: the median of some rounds. */
async function ticks(stack: BenchStack, database: Client, schedule: ScheduleRepository, due: number): Promise<Took> {
  const took: Took[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await settle(database);
    await makeDue(database, due);
    took.push(await measured(stack, async () => {
      const { queued } = await tick(schedule);
      if (queued !== due) throw new Error(`${queued} runs were queued of ${due} sources that were due`);
    }));
  }
  return median(took);
}

/** The machine's own limit: the same rows moved and inserted by three bare statements that decide nothing, in one transaction. */
async function bare(stack: BenchStack, database: Client): Promise<Took> {
  const took: Took[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await settle(database);
    took.push(await measured(stack, async () => {
      await database.query('begin');
      await database.query(`update sources set next_run_at = next_run_at + interval '1 hour'`);
      await database.query(`insert into runs (id, workspace_id, source_id, connector, trigger) select gen_random_uuid(), workspace_id, id, connector, 'schedule' from sources`);
      await database.query(`insert into outbox (topic, key, headers, value) select 'x', s.id::text, jsonb_build_object('ce_id', gen_random_uuid(), 'workspaceid', workspace_id, 'sourceid', s.id), repeat('x', 200) from sources s, generate_series(1, 2)`);
      await database.query('commit');
    }));
  }
  return median(took);
}

/** All sources due at once, with the scheduler's process at work: how long after its time the last run was queued. */
async function lateness(stack: BenchStack, database: Client, sources: number): Promise<Pick<Measured, 'lateness' | 'missing' | 'doubled'>> {
  await settle(database);
  await database.query(`truncate runs cascade`);
  await database.query(`update sources set next_run_at = now() + interval '2 seconds' + random() * interval '1 second', last_run_at = null`);
  await database.query('create table if not exists planned as select id, next_run_at from sources with no data; truncate planned; insert into planned select id, next_run_at from sources');
  const count = async (): Promise<number> => Number((await database.query<{ n: string }>('select count(*) as n from runs')).rows[0]?.n);
  await stack.startServices(['scheduler']);
  await until('all sources are queued', 180_000, 100, async () => await count() >= sources);
  // The outbox, too: a run is on its way when Kafka has its command.
  await until('the outbox is empty', 180_000, 100, async () => (await database.query('select 1 from outbox limit 1')).rows.length === 0);
  await stack.end('scheduler');
  const { rows: [row] } = await database.query<{ late: number; missing: number; doubled: number }>(`
    select extract(epoch from max(r.created_at - p.next_run_at))::float8 as late, count(*) filter (where r.id is null)::int as missing, (select count(*) from runs)::int - count(r.id)::int as doubled
    from planned p left join lateral (select id, created_at from runs where source_id = p.id order by created_at limit 1) r on true`);
  return { lateness: row?.late ?? Number.NaN, missing: row?.missing ?? sources, doubled: row?.doubled ?? 0 };
}

async function syncNow(stack: BenchStack, database: Client): Promise<readonly number[]> {
  await settle(database);
  const { rows } = await database.query<{ id: string }>('select id from sources order by random() limit $1', [SYNC_NOWS + 1]);
  const [first, ...ids] = rows.map(({ id }) => id);
  await stack.gateway.post(`sources/${first}/sync`);
  const took: number[] = [];
  for (const id of ids) took.push(await timed(() => stack.gateway.post(`sources/${id}/sync`)));
  return took;
}

/** A page of sources and one of them, as the console asks for them. */
async function reads(stack: BenchStack): Promise<Pick<Measured, 'list' | 'one'>> {
  const [list, one]: [number[], number[]] = [[], []];
  const { data } = await stack.gateway.get<{ data: readonly { id: string }[] }>('sources?limit=50');
  for (const { id } of data.slice(0, READS)) {
    list.push(await timed(() => stack.gateway.get('sources?limit=50')));
    one.push(await timed(() => stack.gateway.get(`sources/${id}`)));
  }
  return { list: percentile(list, 0.5), one: percentile(one, 0.5) };
}

async function measure(stack: BenchStack, database: Client, pool: DataSource, sources: number): Promise<Measured> {
  const schedule = new ScheduleRepository(pool);
  await fill(database, sources);
  const someDue = await ticks(stack, database, schedule, Math.max(1, Math.round(sources / SHARE)));
  const allDue = await ticks(stack, database, schedule, sources);
  const limit = await bare(stack, database);
  const took = await syncNow(stack, database);
  return { sources, allDue, limit, someDue, syncNow: percentile(took, 0.5), slowest: Math.max(...took), ...await reads(stack), ...await lateness(stack, database, sources) };
}

/** S8: the scheduler with 100, 1,000 and 10,000 sources. */
export async function s8(context: BenchContext): Promise<BenchResult> {
  return withStack(context, { services: ['gateway'] }, async (stack) => {
    const database = new Client({ connectionString: stack.infrastructure.databaseUrl });
    await database.connect();
    const pool = await openDatabase({ url: stack.infrastructure.databaseUrl, applicationName: 'bench', poolSize: 4 });
    try {
      const all: Measured[] = [];
      for (const size of SIZES) {
        context.say(`S8: ${scaled(size, context)} sources`);
        all.push(await measure(stack, database, pool, scaled(size, context)));
      }
      const last = all.at(-1) as Measured;
      const growth = (of: (one: Measured) => number): string => all.map((one, n) => (n === 0 ? '' : `×${(of(one) / of(all[n - 1] as Measured)).toFixed(1)}`)).filter((text) => text !== '').join(', ');
      return {
        title: 'S8  scheduled sources, each every hour', columns: ['sources', 'usual tick ms', 'all due: tick ms', 'its CPU ms', 'bare statements ms', 'their CPU ms', 'latest run s', 'sync now p50 ms', 'slowest ms', '50 sources p50 ms', 'one p50 ms', 'missing', 'doubled'],
        rows: [
          ...all.map(({ sources, someDue, allDue, limit, lateness: late, syncNow: now, slowest, list, one, missing, doubled }) => [String(sources), someDue.ms, allDue.ms, allDue.cpuMs, limit.ms, limit.cpuMs, late, now, slowest, list, one, missing, doubled]),
          ['reach', 1_000, 1_000, '', '', '', 60, 100, 100, '', '', 0, 0],
        ],
        notes: [
          `A usual tick finds the sources of one second (1 of ${SHARE.toLocaleString('en-US')}) due; medians of ${ROUNDS}. Growth of that: ${growth(({ someDue }) => someDue.ms)}; with all due, in CPU: ${growth(({ allDue }) => allDue.cpuMs)}; of sync now: ${growth(({ syncNow: now }) => now)}.`,
          `Bare statements: the same rows moved and inserted in one transaction, nothing decided. With all due a tick takes ${(last.allDue.cpuMs / last.limit.cpuMs).toFixed(1)} times their CPU time.`,
          `Latest run: all sources due within one second, the scheduler's process at work; from a source's due time to its run. The outbox was empty before the end.`,
        ],
        figures: { usualTickMs: last.someDue.ms, allDueTickMs: last.allDue.ms, allDueCpuMs: last.allDue.cpuMs, bareMs: last.limit.ms, bareCpuMs: last.limit.cpuMs, listP50Ms: last.list, oneP50Ms: last.one, latestRunSeconds: last.lateness, syncNowP50Ms: last.syncNow, syncNowSlowestMs: last.slowest, missing: last.missing, doubled: last.doubled },
      };
    } finally {
      await pool.destroy();
      await database.end();
    }
  });
}
