import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { freePorts, temporaryFolder } from '#embedded';
import { BatchConsumer, createKafka } from '#kafka';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { inheritedEnvironment, runPrepareJob } from '../../deploy/local/src/prepare-job.js';
import { compiled } from '../../deploy/local/src/project.js';
import { newSecrets } from '../../deploy/local/src/secrets.js';
import { Database } from './support/database.js';
import { eventually, untilTrue } from './support/eventually.js';

const SOURCES = 2_000;
const SECONDS = 8;
const prefix = `${randomName()}.`;
const dir = temporaryFolder('cs-e2e-schedulers-');

let test: TestDatabase;
let database: Database;
let brokers: readonly string[];
const schedulers: { readonly process: ChildProcess; readonly lines: string[] }[] = [];

/** A scheduler as a process of its own. */
async function start(): Promise<(typeof schedulers)[number]> {
  const [port = 0] = await freePorts(1);
  const process = spawn(globalThis.process.execPath, [compiled('apps', 'scheduler', 'src', 'main.js')], {
    env: { ...inheritedEnvironment(), KAFKA_BROKERS: brokers.join(), DATABASE_URL: test.url, TOPIC_PREFIX: prefix, VAULT_KEYS: newSecrets().vaultKey, HOST: '127.0.0.1', HEALTH_PORT: String(port), SCHEDULER_TICK_MS: '50' },
  });
  const one = { process, lines: [] as string[] };
  for (const stream of [process.stdout, process.stderr]) stream.on('data', (chunk) => { one.lines.push(String(chunk)); });
  schedulers.push(one);
  return one;
}
const said = { context: () => schedulers.map(({ lines }) => lines.join('')).join('\n') };
const says = (words: string) => () => schedulers.find(({ process, lines }) => process.exitCode === null && process.signalCode === null && lines.some((line) => line.includes(words)));
const runs = async (): Promise<number> => Number((await database.rows<{ n: string }>('select count(*) as n from runs'))[0]?.n);

beforeAll(async () => {
  [test, brokers] = await Promise.all([testDatabase(), testKafka()]);
  await runPrepareJob({ kafkaBrokers: brokers, databaseUrl: test.url, topicPrefix: prefix, dir, records: dir });
  database = new Database(test.url);
  await database.rows(`insert into workspaces (id, name) values (uuid_v7(), 'Acme')`);
  await database.rows(`insert into sources (id, workspace_id, connector, name, slug, start_date, interval_minutes, next_run_at)
    select uuid_v7(), w.id, 'stripe', 's' || n, 's' || n, now(), 1440, now() + interval '1 day' from workspaces w, generate_series(1, $1::integer) n`, [SOURCES]);
}, 180_000);

afterAll(async () => {
  for (const { process } of schedulers) process.kill('SIGKILL');
  const admin = createKafka({ brokers, clientId: 'spec' }, { debug: () => undefined, warn: () => undefined }).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: (await admin.listTopics()).filter((name) => name.startsWith(prefix)) });
  await admin.disconnect();
  await database.close();
  await test.drop();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

it('two schedulers, the active one killed in the middle: every due source is queued exactly once, and every command arrives', async () => {
  await Promise.all([start(), start()]);
  const active = await eventually('a scheduler is active', says('Active: this scheduler plans'), said);
  await database.rows(`update sources set next_run_at = now() + random() * interval '${SECONDS} seconds'`);
  await database.rows('create table planned as select id, next_run_at from sources');
  await untilTrue('a quarter is queued', async () => await runs() > SOURCES / 4, { everyMs: 20 });
  active.process.kill('SIGKILL');
  const killedAt = await runs();
  expect(killedAt).toBeLessThan(SOURCES);
  await eventually('the other one is active', says('Active: this scheduler plans'), said);
  await untilTrue('all are queued', async () => await runs() >= SOURCES);
  await untilTrue('the outbox is empty', async () => (await database.rows('select 1 from outbox limit 1')).length === 0);

  expect(await database.rows('select count(*)::int as runs, count(distinct source_id)::int as sources from runs')).toEqual([{ runs: SOURCES, sources: SOURCES }]);
  expect(await database.rows(`select count(*)::int as wrong from sources s join planned p using (id) where s.next_run_at <> p.next_run_at + interval '1440 minutes'`)).toEqual([{ wrong: 0 }]);

  const queued = new Set((await database.rows<{ id: string }>('select id from runs')).map(({ id }) => id));
  const commanded = new Set<string>();
  const consumer = new BatchConsumer(createKafka({ brokers, clientId: 'spec' }, { debug: () => undefined, warn: () => undefined }), {
    groupId: `${prefix}spec`, topics: [`${prefix}sync.commands.stripe`], fromBeginning: true, onFailure: (error) => { throw error; },
    onBatch: async (batch) => {
      for (const { value, offset } of batch.messages) {
        commanded.add((JSON.parse(String(value)) as { runId: string }).runId);
        batch.resolve(String(BigInt(offset) + 1n));
      }
    },
  });
  await consumer.start();
  try {
    await untilTrue('every command has arrived', () => commanded.size >= queued.size);
  } finally {
    await consumer.stop();
  }
  expect([...commanded].filter((id) => !queued.has(id))).toEqual([]);
}, 300_000);
