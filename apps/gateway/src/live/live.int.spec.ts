import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topicDefinitions, topicNames, type SyncEvent } from '#contracts';
import { RecordProducer, createKafka, ensureTopics, type Kafka } from '#kafka';
import { randomName, testDatabase, testKafka, type TestDatabase } from '#testing';
import { anyId, startGateway, type TestGateway } from '../gateway.factory.js';

const prefix = `${randomName()}.`;
let control: TestDatabase;
let gateway: TestGateway;
let kafka: Kafka;

beforeAll(async () => {
  control = await testDatabase();
  const brokers = await testKafka();
  kafka = createKafka({ brokers, clientId: 'spec' }, { debug: () => undefined, warn: () => undefined });
  await ensureTopics(kafka, topicDefinitions([], { prefix, rawPartitions: 1, recordPartitions: 1, rawRetentionMs: 3_600_000, eventRetentionMs: 3_600_000 }));
  gateway = await startGateway(control.url, brokers, prefix);
}, 60_000);
afterAll(async () => {
  await gateway.close();
  await control.drop();
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteTopics({ topics: (await admin.listTopics()).filter((name) => name.startsWith(prefix)) });
  await admin.disconnect();
}, 30_000);

describe('live', () => {
  it('streams the events of one\'s own workspace only', async () => {
    const id = await gateway.made();
    const workspaceId = (await gateway.call('GET', '/session')).body.workspace.id;
    const controller = new AbortController();
    const response = await fetch(`${gateway.url}/api/v1/live?sourceId=${id}`, { headers: { authorization: `Bearer ${gateway.ownerKey}` }, signal: controller.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const producer = new RecordProducer(kafka);
    await producer.connect();
    const event = (sourceId: string, workspace: string): SyncEvent => ({ type: 'run.changed', runId: anyId, sourceId, workspaceId: workspace, at: new Date().toISOString(), state: 'running' });
    const tell = (value: string) => producer.send(topicNames.syncEvents(prefix), { key: id, value, headers: {} });
    let text = '';
    const reader = response.body!.getReader();
    // The feed begins at the topic's end at some moment after the start; until then nothing is heard.
    const speaking = setInterval(() => {
      void tell('not json').then(() => tell(JSON.stringify(event(anyId, workspaceId)))).then(() => tell(JSON.stringify(event(id, anyId)))).then(() => tell(JSON.stringify(event(id, workspaceId))));
    }, 200);
    while (!text.includes('"state":"running"')) text += Buffer.from((await reader.read()).value ?? []).toString();
    clearInterval(speaking);
    controller.abort();
    expect(text).toContain('event: run.changed');
    expect(text).toContain(id);
    expect(text.match(new RegExp(`"sourceId":"${anyId}"|"workspaceId":"${anyId}"`))).toBeNull();
    await producer.disconnect();
  }, 30_000);
});
