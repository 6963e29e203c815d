import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSalesforceSimulator, type SalesforceSimulator } from './index.js';

const ACK = '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>';

describe('outbound messages', () => {
  let simulator: SalesforceSimulator;
  let receiver: Server;
  const bodies: string[] = [];
  let answer = (): string => ACK;
  beforeEach(async () => {
    bodies.length = 0;
    simulator = await startSalesforceSimulator();
    receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (part: Buffer) => { body += part.toString(); });
      request.on('end', () => { bodies.push(body); response.end(answer()); });
    });
    await new Promise<void>((resolve) => { receiver.listen(0, '127.0.0.1', resolve); });
    simulator.outbound.messages.push({ url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`, object: 'Account', fields: ['Name', 'Phone', 'SystemModstamp'] });
    simulator.outbound.retryDelaysMs = [10];
  });
  afterEach(async () => {
    receiver.close();
    await simulator.stop();
  });

  const until = async (condition: () => boolean): Promise<void> => { while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5)); };

  it('tell the fields of a record, several records in one message', async () => {
    answer = () => ACK;
    const id = simulator.create('Account', { Name: 'A & B' });
    simulator.create('Account', { Name: 'C' });
    simulator.create('Contact', { LastName: 'not told' });
    await until(() => simulator.outbound.deliveries.length === 1);
    const [body = ''] = bodies;
    expect(body).toContain(`<OrganizationId>${simulator.organizationId}</OrganizationId>`);
    expect(body).toContain(`<sf:Id>${id}</sf:Id><sf:Name>A &#38; B</sf:Name><sf:SystemModstamp>`);
    expect(body.match(/<Notification>/g)).toHaveLength(2);
    expect(simulator.outbound.deliveries).toMatchObject([{ attempt: 1, status: 200, acknowledged: true }]);
  });

  it('come again until they are acknowledged, with the same ids and the state of then', async () => {
    answer = () => (bodies.length < 3 ? '<html>not an acknowledgement</html>' : ACK);
    const id = simulator.create('Account', { Name: 'first' });
    await until(() => bodies.length > 0);
    simulator.outbound.messages.length = 0;
    simulator.update('Account', id, { Name: 'second' });
    await until(() => simulator.outbound.deliveries.some(({ acknowledged }) => acknowledged));
    expect(new Set(simulator.outbound.deliveries.map(({ notificationIds }) => notificationIds.join())).size).toBe(1);
    expect(simulator.outbound.deliveries).toHaveLength(3);
    expect(bodies[2]).toContain('<sf:Name>second</sf:Name>');
  });
});
