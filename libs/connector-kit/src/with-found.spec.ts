import { describe, expect, it } from '@jest/globals';
import type { Connector } from './connector.js';
import { topicOf, type CollectionDeclaration } from './declaration.js';
import { defineConnector } from './define-connector.js';
import { planReads } from './plan-reads.js';
import { withFound } from './with-found.js';

const collection = (name: string, more: Partial<CollectionDeclaration> = {}): CollectionDeclaration =>
  ({ name, kind: 'object', title: name, description: '', components: ['sync'], permissions: [], fields: {}, selectedByDefault: true, callsPerSync: 1, ...more });
const read: Connector['readers'][string] = async function* () { /* nothing to read */ };
const connector = (more: Partial<Connector> = {}): Connector => ({
  declaration: {
    name: 'acme', title: 'Acme', description: '', documentationUrl: '', auth: ['api_key'], configuration: [], collections: [collection('things')], limits: { text: '' },
    discovered: { topic: 'custom_objects', title: 'Custom objects', description: '', callsPerSync: 1 },
  },
  authenticate: () => ({}), baseUrl: () => '', readers: { things: read }, normalize: () => [],
  check: ({ found = [] }) => Promise.resolve({ account: found.map(({ name }) => name).join(), access: [] }),
  discovery: { discover: () => Promise.resolve([]), reader: () => read },
  ...more,
});

describe('a connector with what was found in an account', () => {
  it('reads, checks and declares it like its own, and doesn\'t change itself', async () => {
    const plain = defineConnector(connector());
    const account = withFound(plain, [collection('invoices_c', { partnerName: 'Invoice__c' }), collection('things', { partnerName: 'Things__c' })]);
    expect(planReads(account, new Set(['invoices_c'])).map(({ reader }) => reader)).toEqual(['invoices_c']);
    expect(account.declaration.collections.map(({ name }) => name)).toEqual(['things', 'invoices_c']);
    expect(await account.check({} as never)).toMatchObject({ account: 'invoices_c' });
    expect(plain.declaration.collections).toHaveLength(1);
  });

  it('puts all that was found on one topic', () => {
    const { declaration } = connector();
    const account = withFound(connector(), [collection('invoices_c', { partnerName: 'Invoice__c' })]).declaration;
    expect([topicOf(declaration, 'things'), topicOf(declaration, 'invoices_c'), topicOf(account, 'invoices_c'), topicOf(account, 'things')]).toEqual(['things', 'custom_objects', 'custom_objects', 'things']);
  });

  it('refuses a declaration without its discovery, and a topic that is a collection\'s', () => {
    const { discovery: _, ...without } = connector();
    expect(() => defineConnector(without)).toThrow('found collections need both');
    expect(() => defineConnector(connector({ declaration: { ...connector().declaration, discovered: { topic: 'things', title: '', description: '', callsPerSync: 1 } } }))).toThrow('the topic of found collections');
  });
});
