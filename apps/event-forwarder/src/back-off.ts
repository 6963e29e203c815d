export interface BackOff { readonly firstMs: number; readonly mostMs: number }

/** Wait after so many failed tries, in ms: it doubles, give or take a quarter, so that what failed together doesn't come back together. */
export function backOff({ firstMs, mostMs }: BackOff, tries: number, random: () => number = Math.random): number {
  return Math.min(mostMs, firstMs * 2 ** Math.min(tries - 1, 30)) * (0.75 + random() / 2);
}
