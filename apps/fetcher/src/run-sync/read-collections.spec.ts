import { describe, expect, it } from '@jest/globals';
import { AuthenticationFailedError, PermissionDeniedError, RateLimitedError } from '#contracts';
import type { CollectionDeclaration, Connector, Page, PartnerClient, ReadCollection } from '#connector-kit';
import { readCollections } from './read-collections.js';
import type { WorkerInput } from './worker-protocol.js';

const declare = (name: string, partOf?: string | string[]): CollectionDeclaration => ({
  name, kind: 'object', title: name, description: name, components: ['sync'], permissions: [], fields: {}, selectedByDefault: true, callsPerSync: 1, ...(partOf !== undefined && { partOf }),
});
const page = (collection: string): Page => ({ body: Buffer.from('{}'), recordsAt: '', counts: { [collection]: 1 }, observedAt: 1, request: `/${collection}` });

function setUp(fail: Record<string, Error> = {}, more: Partial<WorkerInput> = {}) {
  const called: string[] = [];
  const reader = (name: string): ReadCollection => async function* read() {
    called.push(name);
    yield page(name);
    if (fail[name] !== undefined) throw fail[name];
  };
  const connector = {
    declaration: { collections: [declare('a'), declare('b'), declare('c'), declare('part', ['a', 'b']), declare('feed')] },
    readers: { a: reader('a'), b: reader('b'), c: reader('c'), feed: reader('feed') },
    changeFeed: 'feed',
  } as unknown as Connector;
  const input: WorkerInput = { connector: 'x', credentials: {}, renewable: false, startDate: 0, selected: ['a', 'b', 'c', 'part'], done: [], checkpoints: {}, found: [], allowPrivateAddresses: false, ...more };
  const states: string[] = [];
  const pages: string[] = [];
  const run = () => readCollections(connector, input, {} as PartnerClient, new AbortController().signal, {
    page: async (collection) => { pages.push(collection); },
    collection: (collection, state) => states.push(`${collection} ${state}`),
    warn: () => undefined,
  });
  return { called, states, pages, run };
}

describe('readCollections', () => {
  it('succeeds, a part when all its parents are read', async () => {
    const { run, states, pages } = setUp();
    expect(await run()).toEqual({ state: 'succeeded' });
    expect(pages).toEqual(['feed', 'a', 'b', 'c']);
    expect(states).toEqual(['a running', 'part running', 'a succeeded', 'b running', 'b succeeded', 'part succeeded', 'c running', 'c succeeded']);
  });

  it('goes on after a permission error and reports it for its collections only', async () => {
    const { run, states } = setUp({ a: new PermissionDeniedError('no') });
    expect(await run()).toMatchObject({ state: 'partial', error: { code: 'permission_denied' } });
    expect(states.filter((state) => !state.endsWith('running'))).toEqual(['a failed', 'b succeeded', 'part failed', 'c succeeded']);
  });

  it('quits at once when authentication fails: nothing else is called', async () => {
    const { run, states, called } = setUp({ a: new AuthenticationFailedError('denied') });
    expect(await run()).toMatchObject({ state: 'failed', error: { code: 'authentication_failed' } });
    expect(called).toEqual(['feed', 'a']);
    expect([...states].sort()).toEqual(['a failed', 'a running', 'b skipped', 'c skipped', 'part failed', 'part running']);
  });

  it('defers for a rate limit, leaves what was not begun alone', async () => {
    const { run, states } = setUp({ b: new RateLimitedError('slow down', { retryAfterMs: 5_000 }) });
    expect(await run()).toMatchObject({ state: 'deferred', resumeInMs: 5_000 });
    expect(states.slice(-2).sort()).toEqual(['b deferred', 'part deferred']);
  });

  it('kills the run for what nobody handled', async () => {
    const { run, states } = setUp({ c: new TypeError('undefined is not a function') });
    const { error, ...outcome } = await run();
    expect(outcome).toMatchObject({ state: 'killed', trace: { name: 'TypeError', message: 'c: undefined is not a function', stack: expect.arrayContaining([expect.stringMatching(/^at /)]) } });
    expect(error).toMatchObject({ code: 'internal' });
    expect(JSON.stringify(error)).not.toContain('undefined is not');
    expect(states.at(-1)).toBe('c running'); // nobody sees it end before support knows of it
  });
});
