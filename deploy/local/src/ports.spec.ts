import { describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import { portsFrom, randomPorts, requireFree } from './ports.js';

describe('the ports of the local stack', () => {
  it('begin at 7300 unless CS_PORT_BASE says otherwise, and differ', () => {
    const ports = portsFrom(undefined);
    expect(ports).toMatchObject({ gateway: 7300, webhooks: 7301, stripeSimulator: 7310, postgres: 7332, kafka: 7392, kafkaController: 7393 });
    expect(portsFrom('20000').kafka).toBe(20_092);
    expect(new Set(Object.values(ports)).size).toBe(Object.keys(ports).length);
  });

  it.each(['abc', '80', '65500', '7300.5'])('refuse CS_PORT_BASE=%s', (base) => {
    expect(() => portsFrom(base)).toThrow(`CS_PORT_BASE must be a whole number from 1024 to 65000; it is "${base}".`);
  });

  it('say which one is taken, for what it is wanted and what to do', async () => {
    const ports = await randomPorts();
    const server = createServer();
    await new Promise<void>((resolve) => { server.listen(ports.kafka, '127.0.0.1', resolve); });
    await expect(requireFree(ports, ['gateway', 'kafka'])).rejects.toThrow(new RegExp(`^Port ${ports.kafka} is taken by another program, and Kafka needs it: .*CS_PORT_BASE=\\d+ npm start\\.$`));
    await expect(requireFree(ports, ['gateway', 'postgres'])).resolves.toBeUndefined();
    await new Promise((resolve) => { server.close(resolve); });
    await expect(requireFree(ports, ['kafka'])).resolves.toBeUndefined();
  });
});
