import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { LONG, SHORT } from './fault.js';
import { FAULTS } from './faults.js';
import { World, type Aftermath } from './world.js';

const USAGE = `npm run test:chaos [-- kill-fetcher zombie …] [--long] [--json FILE] [--customers N] [--rate N] [--away SECONDS] [--list]
  names     faults; all of them when none is given
  --long    twenty kills of each service, the warehouse away for 10 minutes, the broker for 60 s
  --away    how long the warehouse is away, in seconds
  --rate    changes a second at the partner, each with its webhooks
  --json    also writes what came of each fault to this file`;

interface Outcome extends Partial<Aftermath> { readonly name: string; readonly seconds: number; readonly told: string; readonly failed?: string }

const bad = ({ failed, difference, doubled, lost, strayLetters }: Outcome): boolean => failed !== undefined || [difference, doubled, lost, strayLetters].some((count) => count !== 0);

function line(outcome: Outcome): string {
  const { name, seconds, told, failed, difference, doubled, lost, strayLetters, records } = outcome;
  const cell = (value: number | undefined, width: number): string => String(value ?? '–').padStart(width);
  return `${bad(outcome) ? 'FAIL' : 'ok  '} ${name.padEnd(22)} ${seconds.toFixed(0).padStart(5)} s ${cell(records, 8)} records  difference ${cell(difference, 3)}  doubled ${cell(doubled, 3)}  lost ${cell(lost, 3)}  dead letters ${cell(strayLetters, 3)}  ${failed?.split('\n')[0] ?? told}`;
}

/** Injects the faults one after the other, each under load, and compares everything after each. @returns the exit status: 1 when a promise was broken. */
export async function main(args: readonly string[], { java }: { readonly java?: string }): Promise<number> {
  const flag = { type: 'boolean' } as const;
  const { values, positionals } = parseArgs({
    args: [...args], allowPositionals: true,
    options: { long: flag, list: flag, json: { type: 'string' }, customers: { type: 'string' }, rate: { type: 'string', default: '6' }, away: { type: 'string' }, help: { ...flag, short: 'h' } },
  });
  const unknown = positionals.filter((name) => !FAULTS.some((fault) => fault.name === name));
  if (values.list === true) process.stdout.write(`${FAULTS.map(({ name, about }) => `${name.padEnd(22)} ${about}`).join('\n')}\n`);
  if (values.help === true || unknown.length > 0) process.stdout.write(`${unknown.length > 0 ? `There is no fault ${unknown.join(', ')}.\n\n` : ''}${USAGE}\n`);
  if (values.help === true || values.list === true || unknown.length > 0) return unknown.length > 0 ? 1 : 0;
  const extent = { ...(values.long === true ? LONG : SHORT), ...(values.away !== undefined && { awayMs: Number(values.away) * 1000 }) };
  const outcomes: Outcome[] = [];
  const world = await World.start({ customers: Number(values.customers ?? (values.long === true ? 20_000 : 2_000)), rate: Number(values.rate), ...(java !== undefined && { java }) });
  const stop = (): void => void world.stop().finally(() => process.exit(1));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  try {
    for (const fault of FAULTS.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
      const begin = performance.now();
      let outcome: Omit<Outcome, 'seconds'>;
      try {
        outcome = { name: fault.name, ...await world.survive((one) => fault.run(one, extent)) };
      } catch (error) {
        outcome = { name: fault.name, told: '', failed: error instanceof Error ? error.message : String(error) };
      }
      outcomes.push({ ...outcome, seconds: (performance.now() - begin) / 1000 });
      process.stdout.write(`${line(outcomes.at(-1) as Outcome)}\n`);
      for (const example of outcome.examples ?? []) process.stdout.write(`       ${JSON.stringify(example)}\n`);
      if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ at: new Date().toISOString(), load: loadavg()[0], extent, outcomes }, null, 2)}\n`);
    }
  } finally {
    await world.stop();
  }
  const failed = outcomes.filter(bad).length;
  process.stdout.write(`${outcomes.length} faults, ${failed} not survived, difference ${outcomes.reduce((sum, { difference }) => sum + (difference ?? 0), 0)}\n`);
  return failed === 0 ? 0 : 1;
}
