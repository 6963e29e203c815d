import { describe, expect, it } from '@jest/globals';
import { planReads } from './plan-reads.js';

const collection = (name: string, partOf?: string | string[]) => ({ name, kind: 'object' as const, title: '', description: '', components: ['sync'] as const, permissions: [], fields: {}, selectedByDefault: true, callsPerSync: 0, ...(partOf !== undefined && { partOf }) });
const read = async function* () { /* nothing */ };
const connector = {
  declaration: {
    name: 'acme', title: '', description: '', documentationUrl: '', auth: [], configuration: [], limits: { text: '' },
    collections: [collection('customers'), collection('invoices'), collection('invoice_lines', 'invoices'), collection('cards', ['customers', 'invoices']), collection('events')],
  },
  readers: { customers: read, invoices: read, events: read },
  changeFeed: 'events',
};
const plan = (selected: string[], done: string[] = []) => planReads(connector, new Set(selected), new Set(done)).map(({ reader, feeds }) => `${reader}: ${feeds.join(' ')}`);

describe('what a run reads', () => {
  it('is the change feed, whatever is selected', () => { expect(plan([])).toEqual(['events: ']); });
  it('is the change feed first, then what is selected', () => { expect(plan(['customers', 'events'])).toEqual(['events: events', 'customers: customers']); });
  it('is every parent of a part', () => {
    expect(plan(['invoice_lines'])).toEqual(['events: ', 'invoices: invoice_lines']);
    expect(plan(['cards'])).toEqual(['events: ', 'customers: cards', 'invoices: cards']);
  });
  it('leaves out what is done, but not a parent whose part isn\'t', () => {
    expect(plan(['customers', 'invoices', 'invoice_lines'], ['customers', 'invoices'])).toEqual(['events: ', 'invoices: invoices invoice_lines']);
  });
});
