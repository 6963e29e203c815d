const STEPS = [1, 2, 2.5, 5, 10];
const PARTS = 4;

export interface Axis { readonly domain: [number, number]; readonly ticks: number[]; readonly interval: 0 }

/** An axis from zero, or from below it, to the first round number that holds all values, with round steps. @param whole no step is smaller than one */
export function axis(values: readonly number[], whole = false): Axis {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values) || (low === 0 ? 1 : 0);
  const raw = (high - low) / PARTS;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max(whole ? 1 : 0, power * (STEPS.find((one) => one * power >= raw && (!whole || Number.isInteger(one * power))) ?? 10));
  const [from, to] = [Math.floor(low / step), Math.ceil(high / step)];
  const ticks = Array.from({ length: to - from + 1 }, (_, index) => Number(((from + index) * step).toPrecision(12)));
  return { domain: [ticks[0] ?? 0, ticks.at(-1) ?? 1], ticks, interval: 0 };
}
