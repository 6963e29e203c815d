import { describe, expect, it } from '@jest/globals';
import type { ConnectorDeclaration } from '#connector-kit';
import { Problem } from '../http/problem.js';
import { hasObjects, isSlug, numberedSlug, readCollections, readConfiguration, readStartDate, toSlug } from './source-input.js';

const collection = (name: string, kind: 'object' | 'event', selectedByDefault = true) => ({ name, kind, selectedByDefault, title: name, description: '', components: ['sync' as const], permissions: [], fields: {}, callsPerSync: 1 });
const declaration: Pick<ConnectorDeclaration, 'title' | 'configuration' | 'collections'> = {
  title: 'Partner',
  configuration: [
    { name: 'key', type: 'secret', title: 'Key', help: '', required: true, pattern: '^k_\\w+$', placeholder: 'k_…' },
    { name: 'account', type: 'string', title: 'Account', help: '', required: false },
    { name: 'url', type: 'url', title: 'URL', help: '', required: false, default: 'https://partner.example' },
  ],
  collections: [collection('customers', 'object'), collection('customer_events', 'event'), collection('secrets', 'object', false)],
};

function errorsOf(work: () => unknown): (readonly [string, string])[] {
  try { work(); } catch (error) {
    if (error instanceof Problem) return (error.body.errors ?? []).map(({ field, message }) => [field, message] as const);
    throw error;
  }
  return [];
}

describe('readConfiguration', () => {
  it('fills in defaults, trims, and shows everything but secrets', () => {
    expect(readConfiguration(declaration, { key: ' k_1 ' })).toEqual({ credentials: { key: 'k_1', url: 'https://partner.example' }, shown: { url: 'https://partner.example' } });
    expect(readConfiguration(declaration, { key: 'k_1', account: '', url: 'http://localhost:1' }).credentials).toEqual({ key: 'k_1', url: 'http://localhost:1' });
  });

  it('names every wrong field at once, and no value', () => {
    const errors = errorsOf(() => readConfiguration(declaration, { key: 'sesame', url: 'file:///etc/passwd', account: 7, more: 'x', constructor: 'y' }));
    expect(errors.map(([field]) => field)).toEqual(['configuration.more', 'configuration.constructor', 'configuration.key', 'configuration.account', 'configuration.url']);
    expect(errors.find(([field]) => field === 'configuration.key')?.[1]).toContain('k_…');
    expect(JSON.stringify(errors)).not.toMatch(/sesame|passwd/);
    expect(errorsOf(() => readConfiguration(declaration, {}))).toEqual([['configuration.key', 'Key is missing.']]);
  });
});

describe('readCollections', () => {
  it('takes the default selection, or exactly what is asked for', () => {
    expect(readCollections(declaration, undefined)).toEqual(['customers', 'customer_events']);
    expect(readCollections(declaration, ['secrets', 'secrets'])).toEqual(['secrets']);
    expect(errorsOf(() => readCollections(declaration, ['customers', 'nope']))).toEqual([['collections', 'Partner has no collection nope.']]);
    expect([hasObjects(declaration, ['customer_events']), hasObjects(declaration, ['customer_events', 'secrets'])]).toEqual([false, true]);
  });
});

describe('dates', () => {
  const now = Date.parse('2028-02-29T12:00:00Z');
  it('reach one year back, also over a leap day', () => {
    expect(readStartDate(undefined, now).toISOString()).toBe('2027-03-01T12:00:00.000Z');
    expect(readStartDate('2027-02-28', now).toISOString()).toBe('2027-02-28T00:00:00.000Z');
    for (const wrong of ['2027-02-01', '2028-03-01', 'yesterday']) expect(errorsOf(() => readStartDate(wrong, now))).toHaveLength(1);
  });
});

describe('slugs', () => {
  it('are names that PostgreSQL takes unquoted and that hide none of its own schemas', () => {
    const names = { 'Stripe – Größe': 'stripe_gro_e', 'Åsa’s  shop!': 'asa_s_shop', '24 hours': 'source_24_hours', '日本': 'source', 'pg stat': 'source_pg_stat', public: 'source_public', _: 'source' };
    expect(Object.fromEntries(Object.keys(names).map((name) => [name, toSlug(name)]))).toEqual(names);
    for (const name of [...Object.keys(names), 'x'.repeat(200), `1${'y'.repeat(100)}`]) expect([name, isSlug(toSlug(name))]).toEqual([name, true]);
  });

  it('stay within 63 characters when numbered', () => {
    expect(numberedSlug('shop', 2)).toBe('shop_2');
    expect(numberedSlug('x'.repeat(63), 10)).toHaveLength(63);
    for (const wrong of ['Shop', '1a', '', 'pg_x', 'information_schema', '_x', 'x'.repeat(64)]) expect([wrong, isSlug(wrong)]).toEqual([wrong, false]);
  });
});
