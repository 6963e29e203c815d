import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { printResult, type BenchContext, type BenchResult } from './measure/report.js';
import { stopOnSignal } from './measure/bench-stack.js';
import { s1 } from './s1-sync.js';
import { s2 } from './s2-normalizer.js';
import { s3 } from './s3-loader.js';
import { s4 } from './s4-webhooks.js';
import { s5 } from './s5-freshness.js';
import { s6 } from './s6-calls.js';
import { s7 } from './s7-memory.js';
import { s8 } from './s8-sources.js';
import { s9 } from './s9-start.js';
import { s10 } from './s10-neighbour.js';
import { growth } from './growth.js';

const BENCHES: Readonly<Record<string, (context: BenchContext) => Promise<BenchResult>>> = { s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, growth };

const USAGE = `npm run bench [-- s1 s2 …] [--scale 0.1] [--json FILE] [--no-peers] [--no-profile] [--debezium]
  names      ${Object.keys(BENCHES).join(', ')}; all of them when none is given
  --scale    share of the full size, for trying out
  --json     also writes the figures to this file
  --no-peers leaves out the programs of others (the machine's own limits stay)
  --debezium also measures Debezium's JDBC sink in S3: Maven fetches it once`;

/** Runs the benchmarks one after the other. @returns the exit status: 1 when one of them failed. */
export async function main(args: readonly string[], { java }: { readonly java?: string }): Promise<number> {
  const flag = { type: 'boolean' } as const;
  const { values, positionals } = parseArgs({
    args: [...args], allowPositionals: true,
    options: { scale: { type: 'string', default: '1' }, json: { type: 'string' }, 'no-peers': flag, 'no-profile': flag, debezium: flag, help: { ...flag, short: 'h' } },
  });
  const unknown = positionals.filter((name) => BENCHES[name] === undefined);
  const scale = Number(values.scale);
  if (values.help === true || unknown.length > 0 || !(scale > 0 && scale <= 20)) {
    process.stdout.write(`${unknown.length > 0 ? `There is no benchmark ${unknown.join(', ')}.\n\n` : ''}${USAGE}\n`);
    return values.help === true ? 0 : 1;
  }
  stopOnSignal();
  const say = (text: string): void => { process.stdout.write(`· ${text}\n`); };
  const context: BenchContext = { scale, peers: values['no-peers'] !== true, profile: values['no-profile'] !== true, debezium: values.debezium === true, say, ...(java !== undefined && { java }) };
  const machine = { cores: cpus().length, cpu: cpus()[0]?.model ?? '', node: process.version };
  const results: object[] = [];
  let failed = 0;
  for (const name of positionals.length > 0 ? positionals : Object.keys(BENCHES)) {
    const loadBefore = loadavg()[0] ?? 0;
    try {
      const result = await (BENCHES[name] as (context: BenchContext) => Promise<BenchResult>)(context);
      printResult(result, loadBefore);
      results.push({ name, loadBefore, ...result });
    } catch (error) {
      failed += 1;
      process.stderr.write(`${name} failed: ${error instanceof Error ? error.stack : String(error)}\n`);
      results.push({ name, loadBefore, failed: error instanceof Error ? error.message : String(error) });
    }
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ at: new Date().toISOString(), machine, scale, results }, null, 2)}\n`);
  }
  return failed === 0 ? 0 : 1;
}
