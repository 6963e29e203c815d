/** What every benchmark is given. */
export interface BenchContext {
  readonly java?: string;
  /** Share of the full size. */
  readonly scale: number;
  /** Whether programs of others are measured, too. */
  readonly peers: boolean;
  readonly profile: boolean;
  readonly debezium: boolean;
  readonly say: (text: string) => void;
}

/** One table. `figures` are its numbers by name, for programs. */
export interface BenchResult {
  readonly title: string;
  readonly columns: readonly string[];
  /** The first cell names the row. */
  readonly rows: readonly (readonly (string | number)[])[];
  /** Ratios, reach, and what one has to know to read the table. */
  readonly notes: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

/** A number as a person reads it. */
export function readable(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return value === Math.round(value) ? String(value) : value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}

export function printResult({ title, columns, rows, notes }: BenchResult, loadBefore: number): void {
  const lines = [[...columns], ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? readable(cell) : cell)))];
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const text = lines.map((line) => line.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd());
  text.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  process.stdout.write(`\n${title}\n${text.join('\n')}\n${notes.map((note) => `  ${note}\n`).join('')}  load of the machine before: ${loadBefore.toFixed(1)}\n\n`);
}

/** `percentile(values, 0.99)`; values in any order. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const scaled = (full: number, { scale }: Pick<BenchContext, 'scale'>, step = 1): number => Math.max(step, Math.round(full * scale / step) * step);
