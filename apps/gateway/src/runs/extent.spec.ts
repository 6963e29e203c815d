import { describe, expect, it } from '@jest/globals';
import type { ConnectorDeclaration } from '#connector-kit';
import { Problem } from '../http/problem.js';
import { readExtent, readReplay, type AskedExtent } from './extent.js';

const collection = (name: string, components: readonly ('sync' | 'webhook')[], window?: 'created' | 'changed') =>
  ({ name, kind: 'object' as const, title: name, description: '', components, permissions: [], fields: {}, selectedByDefault: true, callsPerSync: 1, ...(window !== undefined && { window }) });
const declaration = { title: 'Demo', collections: [collection('tickets', ['sync'], 'changed'), collection('brands', ['sync']), collection('hooks', ['webhook']), collection('users', ['sync'], 'changed')] } as unknown as ConnectorDeclaration;
const START = new Date('2026-01-01T00:00:00.000Z');
const NOW = Date.parse('2026-03-01T00:00:00.000Z');
const read = (asked: AskedExtent, selected = ['tickets', 'brands', 'hooks']) => readExtent(declaration, selected, START, asked, NOW);
const refusal = (asked: AskedExtent, selected?: string[]): Record<string, string> => {
  try { read(asked, selected); } catch (error) {
    if (error instanceof Problem) return Object.fromEntries((error.body.errors ?? []).map(({ field, message }) => [field, message]));
    throw error;
  }
  throw new Error('it was taken');
};

describe('readExtent', () => {
  it('takes what can be read anew when no collection is named', () => {
    expect(read({})).toEqual({ collections: ['tickets', 'brands'] });
    expect(read({ from: '2026-02-01' })).toEqual({ collections: ['tickets'], from: '2026-02-01T00:00:00.000Z', to: '2026-03-01T00:00:00.000Z' });
    expect(read({ to: '2026-02-01T12:00:00+01:00' })).toEqual({ collections: ['tickets'], from: START.toISOString(), to: '2026-02-01T11:00:00.000Z' });
    expect(read({ collections: ['brands', 'brands'] })).toEqual({ collections: ['brands'] });
  });

  it('refuses collections with the reason', () => {
    expect(refusal({ collections: ['users'] }).collections).toMatch(/users: not selected/);
    expect(refusal({ collections: ['hooks'] }).collections).toMatch(/hooks: comes by webhook only/);
    expect(refusal({ collections: ['brands'], from: '2026-02-01' }).collections).toMatch(/brands: Demo can't limit it by time/);
    expect(refusal({ collections: ['nothing'] }).collections).toMatch(/no collection nothing/);
    expect(refusal({}, ['hooks']).collections).toMatch(/No selected collection/);
  });

  it('refuses windows with the reason', () => {
    expect(refusal({ from: 'yesterday' }).from).toMatch(/must be a date/);
    expect(refusal({ from: '2025-12-31' }).from).toMatch(/before the sync start date of this source, 2026-01-01/);
    expect(refusal({ from: '2026-03-02' }).from).toMatch(/future/);
    expect(refusal({ from: '2026-02-02', to: '2026-02-01' }).to).toMatch(/later than from/);
    expect(refusal({ from: '2026-02-02', to: '2026-99-01' }).to).toMatch(/must be a date/);
  });
});

describe('readReplay', () => {
  const replay = (asked: AskedExtent) => readReplay(declaration, ['tickets', 'hooks'], asked, NOW);

  it('takes every selected collection, also those that come by webhook only', () => {
    expect(replay({})).toEqual({ collections: ['tickets', 'hooks'] });
    expect(replay({ collections: ['hooks'], from: '2025-02-01' })).toEqual({ collections: ['hooks'], from: '2025-02-01T00:00:00.000Z', to: '2026-03-01T00:00:00.000Z' });
  });

  it.each([[{ collections: ['users'] }], [{ collections: ['nothing'] }], [{ from: 'yesterday' }], [{ from: '2026-03-02' }]])('refuses %j', (asked) => { expect(() => replay(asked)).toThrow(Problem); });
});
