import { rmSync } from 'node:fs';
import { Client } from 'pg';
import { spawnOwned, temporaryFolder, type RunningProcess } from '#embedded';
import { inheritedEnvironment } from '../../deploy/local/src/prepare-job.js';
import { portsFrom, requireFree, type PortName } from '../../deploy/local/src/ports.js';
import { root } from '../../deploy/local/src/project.js';
import { loadSecrets } from '../../deploy/local/src/secrets.js';
import { gatewayUrl } from '../../deploy/local/src/services.js';
import { endWithBench } from './measure/bench-stack.js';
import type { BenchContext, BenchResult } from './measure/report.js';
import { until } from './measure/until.js';

interface Start { readonly docs: number; readonly summary: number; readonly rows: number; readonly stop: number; /** It had to install or compile first. */ readonly prepared: boolean }

/** A base from which all of the stack's ports are free. */
async function freeBase(): Promise<number> {
  for (let base = 21_000; ; base += 200) {
    const ports = portsFrom(String(base));
    try { await requireFree(ports, Object.keys(ports) as PortName[]); return base; } catch (error) { if (base > 60_000) throw error; }
  }
}

/** To the whole group, as a terminal does it: npm doesn't pass it on. Resolves when its last process has ended. */
async function pressCtrlC(child: RunningProcess): Promise<void> {
  const send = (signal: NodeJS.Signals): void => { try { process.kill(-child.pid, signal); } catch { /* it has ended */ } };
  send('SIGINT');
  const timer = setTimeout(() => send('SIGKILL'), 60_000);
  await child.exited;
  clearTimeout(timer);
}

async function start(dir: string, base: number, records: string): Promise<Start> {
  const ports = portsFrom(String(base));
  const secrets = loadSecrets(dir); // it would make them itself; here they are needed to look into the warehouse
  const lines: string[] = [];
  let summaryAt = 0;
  const begin = performance.now();
  const child = await spawnOwned({
    name: 'npm-start', records, command: 'npm', args: ['start'], cwd: root,
    env: { ...inheritedEnvironment(), CS_DATA_DIR: dir, CS_PORT_BASE: String(base), NO_COLOR: '1' },
    output: (line) => { lines.push(line); if (summaryAt === 0 && line.includes(gatewayUrl(ports))) summaryAt = performance.now(); },
  });
  const stop = (): Promise<unknown> => pressCtrlC(child);
  const done = endWithBench(async () => { await stop(); });
  const since = (): number => (performance.now() - begin) / 1000;
  const sql = new Client({ connectionString: `postgres://postgres:${secrets.postgresPassword}@127.0.0.1:${ports.postgres}/warehouse` });
  try {
    let docs = 0;
    const alive = (): void => { if (lines.some((line) => line.includes('EADDRINUSE') || line.includes('is taken'))) throw new Error(lines.slice(-5).join('\n')); };
    await until('the gateway answers', 180_000, 20, async () => { alive(); return (await fetch(`${gatewayUrl(ports)}/api/docs`)).ok; });
    docs = since();
    await sql.connect();
    const marker = new Date(Date.now() - docs * 1000);
    await until('the first rows are in the warehouse', 180_000, 50, async () => (await sql.query('select 1 from stripe_demo.customers where uuid_ts >= $1 limit 1', [marker])).rowCount === 1);
    const rows = since();
    await until('the summary is printed', 60_000, 50, async () => summaryAt > 0);
    await sql.end();
    const stopping = performance.now();
    await stop();
    return { docs, rows, prepared: lines.some((line) => /^· (Installing|Compiling|Fetching)/.test(line)), summary: (summaryAt - begin) / 1000, stop: (performance.now() - stopping) / 1000 };
  } catch (error) {
    throw new Error(`npm start didn't come up. The end of its output:\n${lines.slice(-20).join('\n')}`, { cause: error });
  } finally {
    await sql.end().catch(() => undefined);
    await stop();
    done();
  }
}

/** S9: `npm start` after the install, in an empty folder and again with what is in it then. */
export async function s9(context: BenchContext): Promise<BenchResult> {
  context.say('S9: npm start');
  const [dir, base] = [temporaryFolder('cs-bench-start-'), await freeBase()];
  const records = temporaryFolder('cs-bench-start-processes-');
  try {
    const first = await start(dir, base, records);
    context.say('S9: npm start again');
    const second = await start(dir, base, records);
    const row = (name: string, { docs, summary, rows, stop }: Start): (string | number)[] => [name, docs, rows, summary, stop];
    return {
      title: 'S9  npm start, packages installed and sources compiled', columns: ['seconds until', 'API answers', 'first rows', 'summary', 'Ctrl-C to the end'],
      rows: [row('first start, empty folder', first), row('second start, with data', second), ['reach', 30, 60, '', '']],
      notes: ['The API answers when GET /api/docs is 200. First rows: a customer of the demo that was loaded after this start.',
        ...(first.prepared || second.prepared ? ['It had to install or compile first: measure again.'] : [])],
      figures: { docsSeconds: first.docs, rowsSeconds: first.rows, summarySeconds: first.summary, stopSeconds: first.stop, againDocsSeconds: second.docs, againRowsSeconds: second.rows },
    };
  } finally {
    for (const folder of [dir, records]) rmSync(folder, { recursive: true, force: true });
  }
}
