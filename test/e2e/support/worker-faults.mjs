import { isMainThread } from 'node:worker_threads';

/** Loaded before everything else, in every service, in the main thread and in workers: in a run's worker, a partner's answer that holds one of these words does what a bug of ours would do. */
if (!isMainThread && /\bfetcher\b/.test(process.argv[1] ?? '')) {
  const { parse } = JSON;
  JSON.parse = (text, reviver) => {
    const [, fault] = typeof text === 'string' ? /worker-fault:(loop|memory|throw)/.exec(text) ?? [] : [];
    if (fault === 'loop') for (;;);
    // Few big objects: with many small ones the collector worked on for so long, on a busy machine, that the run was taken for hung.
    if (fault === 'memory') for (const kept = []; ;) kept.push(new Array(1_000_000).fill(0.5));
    if (fault === 'throw') setImmediate(() => { throw new TypeError(`it broke on ${/sk_test_\w+/.exec(text)?.[0] ?? 'nothing'}`); });
    return parse(text, reviver);
  };
}
