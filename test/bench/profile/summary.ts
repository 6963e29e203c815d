import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join, relative } from 'node:path';
import type { Profiler } from 'node:inspector';
import { root } from '../../../deploy/local/src/project.js';

/** Seconds that a process spent in its functions themselves, by `name file:line`; without idling and without what isn't JavaScript's. */
export type SelfTimes = ReadonlyMap<string, number>;

/** `dispatch` is the profiler's own call: what it was started in stays on top while nothing of ours runs. */
const IDLE = new Set(['(idle)', '(root)', '(program)', 'dispatch']);

function placeOf({ functionName, url, lineNumber }: Profiler.ProfileNode['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  if (!url.startsWith('file://')) return `${name} ${url}`;
  const path = relative(root, fileURLToPath(url)).replace(/^dist\//, '').replace(/^.*node_modules\//, '').replace(/\.js$/, '');
  return `${name} ${path}:${lineNumber + 1}`;
}

/**
 * Sums up the pieces in the folder that ended between two moments (milliseconds since the epoch), by service;
 * worker threads count with their process as `<service> worker`.
 */
export function summarise(folder: string, from: number, to: number): Map<string, SelfTimes> {
  const services = new Map<string, Map<string, number>>();
  for (const file of readdirSync(folder)) {
    const [service = '', thread, , ended] = file.split('.');
    // a piece is a second long: the one in which the end lies counts, too
    if (Number(ended) < from + 500 || Number(ended) > to + 1000) continue;
    const name = thread === '0' ? service : `${service} worker`;
    let times = services.get(name);
    if (times === undefined) services.set(name, times = new Map());
    const { nodes, samples = [], timeDeltas = [] } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profiler.Profile;
    const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
    for (const [index, id] of samples.entries()) {
      const frame = frames.get(id);
      if (frame === undefined || IDLE.has(frame.functionName)) continue;
      const place = placeOf(frame);
      times.set(place, (times.get(place) ?? 0) + (timeDeltas[index] ?? 0) / 1e6);
    }
  }
  return services;
}

export const sum = (times: SelfTimes): number => [...times.values()].reduce((all, seconds) => all + seconds, 0);

/** The functions that took most, with their share in %. */
export function top(times: SelfTimes, count: number): { readonly place: string; readonly seconds: number; readonly share: number }[] {
  const all = sum(times);
  return [...times].sort(([, a], [, b]) => b - a).slice(0, count).map(([place, seconds]) => ({ place, seconds, share: 100 * seconds / all }));
}
