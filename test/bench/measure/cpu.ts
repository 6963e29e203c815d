import { readFileSync, readdirSync } from 'node:fs';

/** Linux counts in hundredths of a second for programs, whatever its own tick is. */
const TICKS = 100;

/** Fields of /proc/<pid>/stat after the name: state is [0], the parent [1], utime [11], stime [12], cutime [13], cstime [14]. */
function statOf(pid: number | string): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** CPU seconds that a process and its children have used, those that have ended included. 0 where there is no /proc. */
function cpuSeconds(pid: number, parents: ReadonlyMap<number, readonly number[]>): number {
  const stat = statOf(pid);
  if (stat === undefined) return 0;
  // what runs here started everything else: children count where they are named
  const fields = pid === process.pid ? [11, 12] : [11, 12, 13, 14];
  const own = fields.reduce((sum, field) => sum + Number(stat[field]), 0) / TICKS;
  return (pid === process.pid ? [] : parents.get(pid) ?? []).reduce((sum, child) => sum + cpuSeconds(child, parents), own);
}

function childrenByParent(): Map<number, number[]> {
  const parents = new Map<number, number[]>();
  let pids: string[] = [];
  try { pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)); } catch { /* not Linux */ }
  for (const pid of pids) {
    const parent = Number(statOf(pid)?.[1] ?? 0);
    const known = parents.get(parent);
    if (known === undefined) parents.set(parent, [Number(pid)]); else known.push(Number(pid));
  }
  return parents;
}

export type CpuSeconds = Readonly<Record<string, number>>;

/** CPU seconds of named processes, with their children (PostgreSQL's sessions, say), from now until the returned function is called. */
export function measureCpu(pids: Readonly<Record<string, number | undefined>>): () => CpuSeconds {
  const read = (): Record<string, number> => {
    const parents = childrenByParent();
    return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, pid === undefined ? 0 : cpuSeconds(pid, parents)]));
  };
  const before = read();
  return () => Object.fromEntries(Object.entries(read()).map(([name, seconds]) => [name, Math.max(0, seconds - (before[name] ?? 0))]));
}

export const total = (seconds: CpuSeconds): number => Object.values(seconds).reduce((sum, value) => sum + value, 0);
