import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topicDefinitions, type SyncCommand } from '#contracts';
import { BatchConsumer, RecordProducer, createKafka, ensureTopics, type Kafka } from '#kafka';
import { AccessRepository, HealthRepository, Leadership, OutboxRepository, RunRepository, RunRequestRepository, ScheduleRepository, SourceRepository, migrate, newId, openDatabase, type DataSource, ModelRunRepository } from '#persistence';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { Scheduler } from './pipeline.js';

const LOCK = 99;
const prefix = `${randomName()}.`;
const topic = `${prefix}sync.commands.stripe`;
const silent = { debug: () => undefined, warn: () => undefined };

let test: TestDatabase;
let database: DataSource;
let kafka: Kafka;
let producer: RecordProducer;
let consumer: BatchConsumer;
let workspaceId: string;
const commands: SyncCommand[] = [];
const running: { scheduler: Scheduler; state: { active: boolean; turns: number; failures: string[] } }[] = [];

beforeAll(async () => {
  test = await testDatabase();
  database = await openDatabase({ url: test.url, applicationName: 'spec' });
  await migrate(database);
  await new AccessRepository(database).bootstrap({ workspace: 'Acme', email: 'owner@example.com', passwordHash: 'x' });
  workspaceId = (await database.query('select id from workspaces') as { id: string }[])[0]!.id;
  kafka = createKafka({ brokers: await testKafka(), clientId: 'spec' }, silent);
  await ensureTopics(kafka, topicDefinitions([{ name: 'stripe', collections: [] }], { prefix, rawPartitions: 1, recordPartitions: 1, rawRetentionMs: 3_600_000, eventRetentionMs: 3_600_000 }));
  producer = new RecordProducer(kafka, { concurrency: 1 });
  await producer.connect();
  consumer = new BatchConsumer(kafka, {
    groupId: `${prefix}spec`, topics: [topic], fromBeginning: true, onFailure: (error) => { throw error; },
    onBatch: async (batch) => {
      for (const { value, offset } of batch.messages) {
        commands.push(JSON.parse(String(value)) as SyncCommand);
        batch.resolve(String(BigInt(offset) + 1n));
      }
    },
  });
  await consumer.start();
}, 30_000);

afterAll(async () => {
  await Promise.all(running.map(({ scheduler }) => scheduler.stop()));
  await producer.disconnect();
  await consumer.stop();
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: (await admin.listTopics()).filter((name) => name.startsWith(prefix)) });
  await admin.disconnect();
  await database.destroy();
  await test.drop();
});

function start(pollMs = 1_000, send = (name: string, message: Parameters<RecordProducer['send']>[1]) => producer.send(name, message)) {
  const state = { active: false, turns: 0, failures: [] as string[] };
  const scheduler = new Scheduler({
    leadership: (wake) => new Leadership(test.url, LOCK, 'outbox', wake),
    schedule: new ScheduleRepository(database), outbox: new OutboxRepository(database), send,
    health: new HealthRepository(database), models: new ModelRunRepository(database), tell: async () => ({ delivered: 0, failed: 0 }), told: () => undefined, notify: async () => ({ delivered: 0, failed: 0, ended: 0 }), notified: () => undefined, sweep: async () => ({}), swept: () => undefined,
    loops: { turned: () => undefined, failed: (loop, error) => { state.active = false; state.failures.push(`${loop}: ${(error as Error).message}`); } },
    turned: ({ active }) => { state.active = active; state.turns += 1; },
    relayed: () => undefined,
  }, { tickMs: 50, resendAfterMs: 30_000, topicPrefix: prefix, pollMs, pause: { warnAfter: 5, pauseAfter: 10, minHours: 24, pauseAfterDays: 7 } });
  scheduler.start();
  const one = { scheduler, state };
  running.push(one);
  return one;
}

async function until<T>(ask: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const commandFor = (sourceId: string, count = 1) => until(() => {
  const mine = commands.filter((command) => command.sourceId === sourceId);
  return mine.length >= count && mine;
});

async function makeSource(nextRunAt: string): Promise<string> {
  const id = newId();
  await new SourceRepository(database).create({
    id, workspaceId, connector: 'stripe', name: 'Payments', slug: `s_${id.replaceAll('-', '_')}`, warehouseId: null, configuration: {}, startDate: new Date(), intervalMinutes: 60,
    sealedCredentials: 'v1.k1.x', collections: ['customers'],
  });
  await database.query(`update sources set next_run_at = ${nextRunAt} where id = $1`, [id]);
  return id;
}
const finishRun = async (runId: string) => {
  const runs = new RunRepository(database);
  const { token } = (await runs.claim(runId, 'spec', 60_000))!;
  await runs.finish(runId, token, 'succeeded');
};
const read = async <T>(sql: string, id: string) => (await database.query(sql, [id]) as T[])[0]!;

describe('scheduler', () => {
  const patience = 30_000;

  it('two processes: one is active; when its connection dies the other goes on, and a due source is queued exactly once', async () => {
    const [one, two] = [start(), start()];
    await until(() => (one.state.active || two.state.active) && one.state.turns > 2 && two.state.turns > 2);
    expect([one, two].filter(({ state }) => state.active)).toHaveLength(1);

    const sourceId = await makeSource(`now() - interval '150 minutes'`);
    const [first] = await commandFor(sourceId);
    expect(first).toMatchObject({ sourceId, workspaceId, connector: 'stripe' });
    await until(async () => (await read<{ due: boolean }>('select next_run_at > now() as due from sources where id = $1', sourceId)).due);
    // 150 minutes late at 60 minutes: the next one is in 30 minutes, in phase. The first run was active, so none was added.
    const { minutes } = await read<{ minutes: number }>('select round(extract(epoch from next_run_at - now()) / 60)::int as minutes from sources where id = $1', sourceId);
    expect(minutes).toBe(30);
    expect(await read('select count(*)::int as runs from runs where source_id = $1', sourceId)).toEqual({ runs: 1 });

    const [loser, heir] = one.state.active ? [one, two] : [two, one];
    await database.query(`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = $1 and granted`, [LOCK]);
    await until(() => heir.state.active || loser.state.active);
    await loser.scheduler.stop();
    await until(() => heir.state.active);

    await finishRun(first!.runId);
    await database.query(`update sources set next_run_at = now() where id = $1`, [sourceId]);
    const both = await commandFor(sourceId, 2);
    expect(await read('select trigger, state from runs where id = $1', both[1]!.runId)).toEqual({ trigger: 'schedule', state: 'queued' });
    await heir.scheduler.stop();
  }, patience);

  it('sends a sync-now on notification, without waiting for the poll', async () => {
    const sourceId = await makeSource(`now() + interval '1 hour'`);
    const { scheduler, state } = start(3_600_000);
    await until(() => state.active);
    const [first] = await commandFor(sourceId);
    await finishRun(first!.runId);
    const answer = await new RunRequestRepository(database).request(workspaceId, sourceId, 0);
    const runId = 'run' in answer ? answer.run.id : '';
    expect((await commandFor(sourceId, 2)).map((command) => command.runId)).toEqual([first!.runId, runId]);
    await scheduler.stop();
    expect(await database.query('select 1 from outbox')).toEqual([]);
  }, patience);

  it('keeps what Kafka did not acknowledge and sends it later, in order', async () => {
    let away = true;
    const { scheduler, state } = start(50, (name, message) => (away ? Promise.reject(new Error('no answer')) : producer.send(name, message)));
    const sourceId = await makeSource('now()');
    await until(() => state.failures.includes('outbox: no answer'));
    expect((await database.query('select count(*)::int as waiting from outbox') as { waiting: number }[])[0]!.waiting).toBeGreaterThan(0);
    away = false;
    await commandFor(sourceId);
    await scheduler.stop();
  }, patience);

  it('leaves paused, broken and deleted sources alone', async () => {
    // Those of the tests before: a scheduler that was stopped early has left some due.
    await new ScheduleRepository(database).queueDue(100);
    const ids = [await makeSource('now()'), await makeSource('now()'), await makeSource('now()')];
    await database.query(`update runs set state = 'cancelled' where source_id = any($1)`, [ids]);
    await new SourceRepository(database).pause(ids[0]!);
    await database.query(`update sources set state = 'error' where id = $1`, [ids[1]]);
    await new SourceRepository(database).delete(ids[2]!);
    expect(await new ScheduleRepository(database).queueDue(100)).toEqual({ due: 0, queued: 0, overQuota: 0 });
  }, patience);
});
