import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Metrics } from '#platform';
import { sourcesOf } from '../architecture/repository.js';

/** Every metric that a service can emit: those of #platform, and those that an app defines by name. */
function emitted(): Set<string> {
  const platform = new Metrics('contract').registry.getMetricsAsArray().map(({ name }) => name);
  const own = sourcesOf('.').filter(({ path }) => path.startsWith('apps/') && !path.endsWith('.spec.ts'))
    .flatMap(({ text }) => [...text.matchAll(/\.(?:counter|gauge|histogram)\(\s*'(cs_\w+)'/g)].map(([, name = '']) => name));
  return new Set([...platform, ...own]);
}

const named = (text: string): string[] => [...new Set([...text.matchAll(/\bcs_\w+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, '')))];

describe.each(['deploy/grafana/dashboard.json', 'deploy/grafana/alerts.yaml', 'deploy/grafana/alerts.test.yaml'])('%s', (file) => {
  it('looks at metrics that a service emits', () => {
    const known = emitted();
    const wanted = named(readFileSync(file, 'utf8'));
    expect(wanted.length).toBeGreaterThan(3);
    expect(wanted.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('deploy/grafana/dashboard.json', () => {
  it('has a title, a query and a place for every panel', () => {
    const { panels } = JSON.parse(readFileSync('deploy/grafana/dashboard.json', 'utf8')) as { panels: { id: number; title: string; gridPos: { x: number; y: number; w: number }; targets: { expr: string }[] }[] };
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ gridPos: { x, y } }) => `${x},${y}`)).size).toBe(panels.length);
    for (const { title, targets } of panels) expect([title, targets.every(({ expr }) => expr.includes('cs_'))]).toEqual([title, true]);
  });
});
