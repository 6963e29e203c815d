import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { configurations, mismatches } from './configuration.js';

interface Service {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const compose = parse(readFileSync('deploy/compose.yaml', 'utf8'), { merge: true }) as { services: Record<string, Service> };
const ours = Object.entries(compose.services).filter(([, { image }]) => image === 'cloud-sources:local');

describe('deploy/compose.yaml', () => {
  it('runs every process with settings that it knows, and all that it needs', async () => {
    const all = await configurations();
    const started = new Set<string>();
    const wrong = ours.flatMap(([name, { command = [], environment = {} }]) => {
      const service = all.find(({ entry }) => entry === command[1]);
      if (service === undefined) return [`${name} starts ${command.join(' ')}, which is no service`];
      started.add(service.name);
      return mismatches(service, Object.keys(environment));
    });
    expect(wrong).toEqual([]);
    expect([...started].sort()).toEqual(all.map(({ name }) => name).sort());
  });

  it('starts nothing before the tables and topics are there', () => {
    for (const [name, { depends_on: after }] of ours) {
      if (name !== 'prepare') expect([name, after]).toEqual([name, { prepare: { condition: 'service_completed_successfully' } }]);
    }
    expect(Object.keys(compose.services['prepare']?.depends_on ?? {}).sort()).toEqual(['kafka', 'postgres']);
  });

  it('runs on a read-only root without capabilities, and publishes to this machine only', () => {
    for (const [, service] of ours) expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    for (const port of Object.values(compose.services).flatMap(({ ports = [] }) => ports)) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('holds no secret', () => {
    const text = readFileSync('deploy/compose.yaml', 'utf8');
    for (const [, value = ''] of text.matchAll(/(?:PASSWORD|KEYS): (.+)/g)) expect(value).toMatch(/^\$\{/);
    expect(readFileSync('deploy/compose.env.example', 'utf8')).not.toMatch(/^[A-Z_]+=.+$/m);
  });
});
