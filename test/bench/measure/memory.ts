import { readFileSync } from 'node:fs';

/** Resident memory of a process in MB (1,000,000 bytes); undefined where there is no /proc, or no such process. */
export function residentMb(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1_024 / 1e6;
  } catch {
    return undefined;
  }
}

/** Memory of named processes at one moment. */
export interface MemorySample { readonly seconds: number; readonly records: number; readonly mb: Readonly<Record<string, number>> }

/** The sample nearest to each share of the records, 0 to 1. */
export const atShares = (samples: readonly MemorySample[], all: number, shares: readonly number[]): readonly MemorySample[] =>
  shares.flatMap((share) => samples.find(({ records }) => records >= share * all) ?? samples.at(-1) ?? []);

/** The average of one process over the samples between two shares of the records. */
export function meanMb(samples: readonly MemorySample[], name: string, all: number, from: number, to: number): number {
  const found = samples.filter(({ records }) => records >= from * all && records <= to * all).map(({ mb }) => mb[name] ?? Number.NaN).filter((mb) => !Number.isNaN(mb));
  return found.reduce((sum, mb) => sum + mb, 0) / found.length;
}
