import { describe, expect, it } from '@jest/globals';
import type { Connector } from './connector.js';
import { defineConnector } from './define-connector.js';

const read = async function* () { /* nothing */ };
const collection = (name: string, more: object = {}) => ({ name, kind: 'object' as const, title: '', description: '', components: ['sync'] as const, permissions: [], fields: {}, selectedByDefault: true, callsPerSync: 1, ...more });
function acme(change: Partial<Connector> = {}, declaration: Partial<Connector['declaration']> = {}): Connector {
  return {
    declaration: { name: 'acme', title: 'Acme', description: '', documentationUrl: '', auth: ['api_key'], configuration: [], limits: { text: '' }, collections: [collection('things')], ...declaration },
    authenticate: () => ({}), baseUrl: () => '', check: async () => ({ account: '', access: [] }), readers: { things: read }, normalize: () => [], ...change,
  };
}

describe('defining a connector', () => {
  it('gives the connector back when its declaration holds together', () => {
    const connector = acme();
    expect(defineConnector(connector)).toBe(connector);
  });

  it.each<[string, Connector]>([
    ['the name must match', acme({}, { name: 'Acme-CRM' })],
    ['the collection name Things must match', acme({}, { collections: [collection('Things')] })],
    ['things is declared twice', acme({}, { collections: [collection('things'), collection('things')] })],
    ['others needs a reader or partOf', acme({}, { collections: [collection('things'), collection('others')] })],
    ['things needs a reader or partOf, and not both', acme({}, { collections: [collection('things', { partOf: 'things' })] })],
    ['lines is part of orders, which has no reader', acme({}, { collections: [collection('things'), collection('lines', { partOf: ['things', 'orders'] })] })],
    ['the change feed events has no reader', acme({ changeFeed: 'events' })],
    ['things costs -1 calls', acme({}, { collections: [collection('things', { callsPerSync: -1 })] })],
    ['the reader others belongs to no declared collection', acme({ readers: { things: read, others: read } })],
    ['webhooks need both a declaration and a handler', acme({ webhook: { verify: () => ({ ok: false, reason: 'x' }) } })],
    ['the pattern of key', acme({}, { configuration: [{ name: 'key', type: 'secret', title: '', help: '', required: true, pattern: '(' }] })],
  ])('names the mistake: %s', (message, connector) => {
    expect(() => defineConnector(connector)).toThrow(`connector ${connector.declaration.name}: `);
    expect(() => defineConnector(connector)).toThrow(message);
  });
});
