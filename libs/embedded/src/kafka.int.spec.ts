import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderInUseError } from './folder-lock.js';
import { brokerAnswers } from './kafka-probe.js';
import { startKafka, type KafkaOptions } from './kafka.js';
import { freePorts } from './ports.js';
import { isRunning, identify } from './process-identity.js';
import { endLeftovers } from './processes.js';

const dir = mkdtempSync(join(tmpdir(), 'cs-kafka-'));
afterAll(async () => {
  await endLeftovers(join(dir, 'records'));
  rmSync(dir, { recursive: true, force: true });
});

describe('the embedded broker', () => {
  it('starts, keeps a second one out of its folder, and goes on with its data after a kill', async () => {
    const [port = 0, controllerPort = 0] = await freePorts(2);
    const options: KafkaOptions = { dir: join(dir, 'kafka'), jars: '.cache/kafka', port, controllerPort, records: join(dir, 'records'), heapMb: 256 };

    const first = await startKafka(options);
    expect(first.brokers).toEqual([`127.0.0.1:${port}`]);
    await expect(startKafka(options)).rejects.toThrow(FolderInUseError);
    first.kill('SIGKILL');
    expect(await first.exited).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await brokerAnswers(port)).toBe(false);

    const second = await startKafka(options);
    expect(await brokerAnswers(port)).toBe(true);
    await second.stop();
    expect(identify(second.pid)).toBeUndefined();
  }, 120_000);

  it('ends what a killed start left behind', async () => {
    const [port = 0, controllerPort = 0] = await freePorts(2);
    const records = join(dir, 'records');
    const kafka = await startKafka({ dir: join(dir, 'left'), jars: '.cache/kafka', port, controllerPort, records, heapMb: 256 });
    const identity = identify(kafka.pid);
    expect(await endLeftovers(records)).toEqual(['kafka']);
    expect(identity !== undefined && isRunning(identity)).toBe(false);
    expect(await endLeftovers(records)).toEqual([]);
  }, 120_000);

  it('says what its log says when it does not come up', async () => {
    const [port = 0, controllerPort = 0] = await freePorts(2);
    const options: KafkaOptions = { dir: join(dir, 'bad'), jars: '.cache/kafka', port, controllerPort, records: join(dir, 'records'), heapMb: 256 };
    mkdirSync(join(dir, 'bad', 'data'), { recursive: true });
    writeFileSync(join(dir, 'bad', 'data', 'meta.properties'), 'version=1\ncluster.id=made-by-hand\nnode.id=7\n');
    await expect(startKafka(options)).rejects.toThrow(/Kafka ended while it started[^]*Stored node id 7 doesn't match/);
  }, 120_000);

  it('names a port that is taken', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => { holder.listen(0, '127.0.0.1', resolve); });
    const { port } = holder.address() as { port: number };
    const [controllerPort = 0] = await freePorts(1);
    await expect(startKafka({ dir: join(dir, 'taken'), jars: '.cache/kafka', port, controllerPort, records: join(dir, 'records') })).rejects.toThrow(`Kafka can't have port ${port}`);
    holder.close();
  }, 60_000);
});
