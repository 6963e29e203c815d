import type { RunScope } from './connector.js';

/** Shared memory for one run; make a new one for every run, it holds what was made until it is dropped. */
export function createRunScope(): RunScope {
  const made = new Map<string, Promise<unknown>>();
  return {
    once<T>(key: string, make: () => Promise<T>): Promise<T> {
      const known = made.get(key);
      if (known !== undefined) return known as Promise<T>;
      // `make` may throw before it returns a promise: that is a rejection too.
      const promise = (async () => make())();
      made.set(key, promise);
      promise.catch(() => { made.delete(key); });
      return promise;
    },
  };
}
