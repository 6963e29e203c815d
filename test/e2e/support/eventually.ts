import { setTimeout as sleep } from 'node:timers/promises';

/** Generous: a machine that is busy with other things must not fail a spec. */
const PATIENCE_MS = 120_000;

interface Patience {
  /** Longest wait, in ms. */
  readonly timeoutMs?: number;
  /** Between two looks, in ms. */
  readonly everyMs?: number;
  /** Added to the error when it takes too long. */
  readonly context?: () => string;
}

/**
 * Looks until there is something to see, and answers with it.
 * @param look undefined: not yet. What it throws ends the wait.
 * @throws Error that says what never came about
 */
export async function eventually<T>(what: string, look: () => Promise<T | undefined> | T | undefined, { timeoutMs = PATIENCE_MS, everyMs = 200, context }: Patience = {}): Promise<T> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > until) throw new Error(`Never came about in ${timeoutMs / 1000} s: ${what}.${context === undefined ? '' : `\n${context()}`}`);
    await sleep(everyMs);
  }
}

/** Like `eventually`, for something that is true or not. */
export async function untilTrue(what: string, look: () => Promise<boolean> | boolean, patience?: Patience): Promise<void> {
  await eventually(what, async () => ((await look()) ? true : undefined), patience);
}
