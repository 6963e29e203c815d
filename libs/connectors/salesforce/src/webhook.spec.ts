import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { outboundEnvelope, startSalesforceSimulator } from '#testing';
import { normalize } from './normalize.js';
import { webhook } from './webhook.js';

const organization = `00D${randomBytes(12).toString('hex').slice(0, 12)}AAA`;
const modstamp = '2026-06-01T12:00:00.000Z';
const request = (body: string) => ({ method: 'POST', url: 'https://hooks.example.com/hooks/x', headers: {}, receivedAt: 0, body: Buffer.from(body) });
const message = (values: Record<string, string>, { type = 'Account', sessionId }: { type?: string; sessionId?: string } = {}): string =>
  outboundEnvelope(organization, 'https://acme.my.salesforce.com', [{ id: '04l000000000001AAA', type, values }, { id: '04l000000000002AAA', type, values: { ...values, Id: '001000000000002AAA' } }], sessionId);
const rows = (body: string) => {
  const kept = webhook.keep?.(Buffer.from(body));
  const { notifications = [] } = JSON.parse(kept?.body.toString() ?? '{}') as { notifications?: Record<string, unknown>[] };
  return notifications.flatMap((record) => normalize(record, {
    id: 'x', workspaceId: 'w', sourceId: 's', connector: 'salesforce', collection: 'outbound_messages', component: 'webhook', receivedAt: modstamp, observedAt: 0, recordsAt: kept?.recordsAt ?? '',
  }));
};

describe('outbound messages', () => {
  it('are taken from the org of the source, in either form of its id, and from no other', () => {
    const body = message({ Id: '001000000000001AAA' });
    expect(webhook.verify(request(body), [organization])).toMatchObject({ ok: true, secret: 0, deliveryId: expect.stringMatching(/^sha256:/) });
    expect(webhook.verify(request(body), ['00D000000000000AAA', organization.slice(0, 15)])).toMatchObject({ ok: true, secret: 1 });
    expect(webhook.verify(request(body), ['00D000000000000AAA'])).toEqual({ ok: false, reason: 'bad_signature' });
    expect(webhook.verify(request('<x/>'), [organization])).toEqual({ ok: false, reason: 'missing_signature' });
    expect(webhook.verify(request(body), [])).toEqual({ ok: false, reason: 'no_secret' });
  });

  it('have one id however often they come, whatever the records are by then', () => {
    const verdict = (name: string) => webhook.verify(request(message({ Id: '001000000000001AAA', Name: name })), [organization]);
    expect(verdict('second')).toEqual(verdict('first'));
  });

  it('become rows with declared columns only, each of its type', () => {
    expect(rows(message({ Id: '001000000000001AAA', Name: 'A & B <"ö\'>', AnnualRevenue: '12.5', NumberOfEmployees: '7', Phone: '0150', Score__c: '5', IsDeleted: 'false', SystemModstamp: modstamp }))[0]).toEqual({
      collection: 'accounts', kind: 'object', id: '001000000000001AAA', version: Date.parse(modstamp), partial: true,
      data: { id: '001000000000001AAA', name: 'A & B <"ö\'>', annual_revenue: 12.5, number_of_employees: 7, is_deleted: false, system_modstamp: modstamp },
    });
  });

  it('say why they can\'t', () => {
    const reasons = (body: string): unknown[] => rows(body).map((row) => ('failure' in row ? row.failure.reason : 'ok'));
    expect(reasons(message({ Id: '001000000000001AAA' }))).toEqual(['record_without_version', 'record_without_version']);
    expect(reasons(message({ Id: 'x', SystemModstamp: modstamp }, { type: 'Ship__c' }))).toEqual(['unknown_object', 'unknown_object']);
  });

  it('stop coming once they are acknowledged', async () => {
    const simulator = await startSalesforceSimulator();
    const receiver = createServer((incoming, response) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => {
        const { ok } = webhook.verify({ ...request(''), body: Buffer.concat(parts) }, [simulator.organizationId]);
        response.writeHead(ok ? 200 : 401, { 'content-type': webhook.acknowledgement?.contentType }).end(webhook.acknowledgement?.body);
      });
    });
    await new Promise<void>((resolve) => { receiver.listen(0, '127.0.0.1', resolve); });
    simulator.outbound.messages.push({ url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`, object: 'Lead', fields: ['SystemModstamp'] });
    simulator.create('Lead', { LastName: 'x' });
    await simulator.outbound.idle();
    receiver.close();
    await simulator.stop();
    expect(simulator.outbound.deliveries).toMatchObject([{ status: 200, acknowledged: true }]);
  });

  it('keep no session', () => {
    const sessionId = `${organization}!${randomBytes(32).toString('hex')}`;
    for (const body of [message({ Id: '001000000000001AAA' }, { sessionId }), outboundEnvelope(organization, 'https://acme.my.salesforce.com', [], sessionId)]) {
      expect(body).toContain(sessionId);
      expect(webhook.keep?.(Buffer.from(body)).body.toString()).not.toContain(sessionId);
    }
  });
});
