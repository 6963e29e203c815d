import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { configurations, mismatches, reference, type Configuration } from './configuration.js';

const all = await configurations();

describe('configuration', () => {
  it('is found for every service', () => {
    expect(all.map(({ name }) => name)).toEqual(['event-forwarder', 'fetcher', 'gateway', 'normalizer', 'scheduler', 'warehouse-loader', 'webhook-gateway', 'prepare']);
  });

  it('is described setting by setting', () => {
    const poor = all.flatMap(({ name, settings }) => settings
      .filter(({ description, env }) => !/^\S.{8,}\.$/s.test(description) || !/^[A-Z][A-Z0-9_]*$/.test(env))
      .map(({ env, description }) => `${name} ${env}: "${description}" is no sentence`));
    expect(poor).toEqual([]);
  });

  it('never hands out a secret by default', () => {
    expect(all.flatMap(({ settings }) => settings).filter(({ type, default: value }) => type === 'secret' && value !== undefined)).toEqual([]);
  });

  it('means the same thing in every service that reads it', () => {
    const kinds = new Map<string, Set<string>>();
    for (const { env, type } of all.flatMap(({ settings }) => settings)) kinds.set(env, (kinds.get(env) ?? new Set()).add(type));
    expect([...kinds].filter(([, types]) => types.size > 1)).toEqual([]);
  });

  it('is what docs/configuration.md says (npm run build && npm run docs)', () => {
    expect(readFileSync('docs/configuration.md', 'utf8')).toBe(reference(all));
  });
});

describe('mismatches', () => {
  const service: Configuration = { name: 's', entry: 'e', settings: [
    { env: 'A', description: '', property: 'a', type: 'string' }, { env: 'B', description: '', property: 'b', type: 'secret' },
    { env: 'C', description: '', property: 'c', type: 'string', default: 'x' },
  ] };

  it('accepts what is needed, secrets by file', () => {
    expect(mismatches(service, ['A', 'B_FILE'])).toEqual([]);
  });

  it('names what is unknown, missing and doubled', () => {
    expect(mismatches(service, ['A_FILE', 'D', 'C', 'C'])).toEqual([
      "s gets A_FILE, which it doesn't read", "s gets D, which it doesn't read", "s needs A, which it doesn't get", "s needs B, which it doesn't get", 's gets C twice',
    ]);
  });
});
