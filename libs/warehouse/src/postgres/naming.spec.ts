import { describe, expect, it } from '@jest/globals';
import { MAX_IDENTIFIER, columnName, identifier, schemaName, snakeCase, sourcePath, tableName } from './naming.js';

const name = (keys: string[], taken: string[] = [], declared: Record<string, string> = {}) => columnName(keys, 'object', new Set(taken), declared);

describe('names', () => {
  it.each([
    ['createdAt', 'created_at'], ['HTTPStatusCode', 'http_status_code'], ['address1Line', 'address1_line'], ['Total (USD)', 'total_usd'], ['$amount', 'amount'],
    ['Créé le', 'cree_le'], ['Straße', 'strasse'], ['Łódź', 'lodz'], ['Имя клиента', 'imya_klienta'], ['ﬁeld', 'field'], ['a__b', 'a_b'], ['_private', '_private'], ['İstanbul', 'istanbul'], ['Ελλάδα', 'ellada'],
  ])('%s becomes %s', (source, expected) => { expect(snakeCase(source)).toBe(expected); });

  it('spells what has no letters with the hash of its source', () => {
    expect(name(['名前'])).toMatch(/^_unnamed_[0-9a-f]{8}$/);
    expect(name(['名前'])).not.toBe(name(['日本']));
    expect(name([''])).toBe('_unnamed');
  });

  it('puts an underscore before a digit, a suffix to reserved names, and joins keys', () => {
    expect(name(['1st'])).toBe('_1st');
    expect(name(['xmin'])).toBe('xmin_field');
    expect(name(['receivedAt'])).toBe('received_at_field');
    expect(name(['_cs_x'])).toBe('_cs_x_field');
    expect(name(['timestamp'])).toBe('timestamp');
    expect(columnName(['timestamp'], 'event', new Set(), {})).toBe('timestamp_field');
    expect(name(['address', 'postalCode'])).toBe('address_postal_code');
  });

  it('cuts to 63 with a hash of the whole path, so that two long names stay two', () => {
    const [a, b] = [name(['é'.repeat(80)]), name([`${'é'.repeat(80)}x`])];
    expect([a.length, b.length]).toEqual([MAX_IDENTIFIER, MAX_IDENTIFIER]);
    expect(a).not.toBe(b);
  });

  it('gives a taken name a hash, and keeps a declared name free for its field', () => {
    expect(name(['a-b'], ['a_b'])).toMatch(/^a_b_[0-9a-f]{8}$/);
    expect(name(['aB'], [], { a_b: 'string' })).toMatch(/^a_b_[0-9a-f]{8}$/);
    expect(name(['a_b'], [], { a_b: 'string' })).toBe('a_b');
  });

  it('tells a dot in a key from one between keys', () => {
    expect(sourcePath(['a.b'])).not.toBe(sourcePath(['a', 'b']));
  });

  it('keeps schemas and tables out of the way of ours and of PostgreSQL', () => {
    expect(schemaName('acme_stripe')).toBe('acme_stripe');
    for (const slug of ['pg_stuff', 'public', '_cloud_sources', 'information_schema']) expect(schemaName(slug)).toMatch(/^source_.*_[0-9a-f]{8}$/);
    expect(tableName('x'.repeat(70)).length).toBe(MAX_IDENTIFIER - 5);
    expect(tableName('customers_live')).not.toBe('customers_live');
    expect(identifier('2024')).toBe('_2024');
  });
});
