import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves when `check` is true; its errors count as false. @throws Error that names what was waited for. */
export async function until(what: string, timeoutMs: number, everyMs: number, check: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try { if (await check()) return; } catch (error) { last = error; }
    if (Date.now() > end) throw new Error(`Waited ${timeoutMs / 1000} s in vain until ${what}.`, { cause: last });
    await sleep(everyMs);
  }
}

/** How fast something grows, without its start. */
export interface Growth {
  /** From the first growth that was seen until all was there. */
  readonly seconds: number;
  /** What came in that time. */
  readonly count: number;
  readonly perSecond: number;
}

/**
 * Watches a count until it is `all`. The rate counts from the first growth on, so that connecting, joining a group and
 * planning a table don't count. `started` is called at that moment.
 */
export async function watchGrowth(what: string, all: number, options: { readonly everyMs: number; readonly timeoutMs: number; readonly started?: () => void }, count: () => Promise<number>): Promise<Growth> {
  let first: { readonly at: number; readonly count: number } | undefined;
  let last = { at: 0, count: 0 };
  await until(`${what} is ${all}`, options.timeoutMs, options.everyMs, async () => {
    last = { count: await count(), at: performance.now() };
    if (first === undefined && last.count > 0) {
      first = last;
      options.started?.();
    }
    return last.count >= all;
  });
  const from = first ?? last;
  const seconds = (last.at - from.at) / 1000;
  return { seconds, count: last.count - from.count, perSecond: (last.count - from.count) / seconds };
}
