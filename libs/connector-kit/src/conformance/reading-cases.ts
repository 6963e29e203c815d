import assert from 'node:assert/strict';
import type { Connector, NormalizedRecord } from '../connector.js';
import type { ConformanceCase, ConformanceHarness } from './harness.js';
import { normalizePages, readSource, recordIds, type ReadPage, type ReadResult } from './read-source.js';
import { TestBed } from './test-bed.js';

/** Where one reader is interrupted at most; more pages are of the same kind. */
const MOST_STOPS = 6;

export function readingCases(connector: Connector, harness: ConformanceHarness): ConformanceCase[] {
  const bed = (account: 'filled' | 'empty', work: (bed: TestBed) => Promise<void>) => () => TestBed.use(connector, harness, account, work);
  const ids = (one: TestBed, pages: readonly ReadPage[], selected: readonly string[] = one.all): string[] => recordIds(normalizePages(connector, pages, selected).records);

  return [
    { name: '§3.1 an empty account reads as nothing, without an error', run: bed('empty', async (one) => {
      const { pages } = await one.readAll();
      const { records, failures } = normalizePages(connector, pages);
      assert.deepEqual(failures, []);
      const expected = Object.fromEntries(Object.entries(one.partner.expected).filter(([, count]) => count > 0));
      assert.deepEqual(Object.fromEntries(livingIds(records)), expected, 'records by collection');
    }) },

    { name: '§3.2 a read ends, finds every record once, and says how many', run: bed('filled', async (one) => {
      const { pages } = await one.readAll();
      const { records, failures } = normalizePages(connector, pages, one.all);
      assert.deepEqual(failures, []);
      const found = livingIds(records);
      const { expected } = one.partner;
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, found.get(name) ?? 0])), expected, 'records by collection');
      const mostPages = Math.max(0, ...one.readers.map(({ reader }) => pages.filter((page) => page.reader === reader).length));
      assert.ok(mostPages >= 2, 'the harness gives no collection two pages');
      const counted: Record<string, number> = {};
      for (const { page } of pages) for (const [name, count] of Object.entries(page.counts)) counted[name] = (counted[name] ?? 0) + count;
      for (const name of Object.keys(expected)) assert.ok((counted[name] ?? 0) >= (expected[name] ?? 0), `the pages count ${counted[name] ?? 0} ${name}, ${expected[name]} were read`);
    }) },

    { name: '§3.3 a run that stops after any page goes on from its checkpoint: nothing lost, no start from zero', run: bed('filled', async (one) => {
      for (const { reader, selected } of one.readers) {
        const whole = await one.readAll({ selected });
        const wanted = ids(one, whole.pages, selected);
        const total = pagesOf(whole, reader);
        const last = total.length - 1;
        for (const stop of new Set([...Array.from({ length: Math.min(last, MOST_STOPS) }, (_unused, index) => index + 1), last].filter((page) => page > 0))) {
          const first = await one.read({ selected, stopAfter: { reader, pages: stop } });
          const rest = await one.readAll({ selected, checkpoints: first.checkpoints });
          const where = `${reader} stopped after page ${stop} of ${total.length}`;
          assert.deepEqual(ids(one, [...first.pages, ...rest.pages], selected).filter((id) => wanted.includes(id)), wanted, where);
          // A reader that asks for several lists may ask for a short one again.
          if (stop === last && last > 1 && pagesOf(first, reader).at(-1)?.page.checkpoint !== undefined) {
            assert.ok(pagesOf(rest, reader).length < total.length, `${where}: it read all pages again although the page had a checkpoint`);
          }
        }
      }
    }) },

    { name: '§3.4 a checkpoint is JSON, and holds no secret', run: bed('filled', async (one) => {
      const { pages } = await one.readAll();
      for (const { reader, page } of pages) if (page.checkpoint !== undefined) {
        const text = JSON.stringify(page.checkpoint);
        assert.deepEqual(JSON.parse(text), page.checkpoint, `${reader}: the checkpoint changes on its way through JSON`);
        for (const secret of one.secrets) assert.ok(!text.includes(secret), `${reader}: the checkpoint holds a secret`);
      }
    }) },

    { name: '§3.5 a partner that gives the same page for ever is partner_contract, not an endless run', run: bed('filled', async (one) => {
      const whole = await one.readAll();
      for (const { reader, selected } of one.readers) {
        const paths = pagesOf(whole, reader).map(({ page }) => page.request.split('?')[0]);
        // Only a list of several pages can go in circles.
        if (new Set(paths).size === paths.length) continue;
        one.proxy.set({ kind: 'repeat' });
        const { errors } = await one.read({ selected });
        one.proxy.set(undefined);
        assert.equal((errors.get(reader) as { code?: string } | undefined)?.code, 'partner_contract', `${reader}: ${String(errors.get(reader) ?? 'no error')}`);
      }
    }) },

    { name: '§3.14 a pass is stated only where passes are compared, and shows every record once it is said to be complete', run: bed('filled', async (one) => {
      const compared = new Set(connector.declaration.collections.filter(({ deletedWhenAbsent }) => deletedWhenAbsent).map(({ name }) => name));
      for (const { reader, selected } of one.readers) {
        const whole = await one.readAll({ selected });
        if (!compared.has(reader)) { assert.ok(whole.pages.every(({ page }) => page.pass === undefined), `${reader} states passes, but isn't deletedWhenAbsent`); continue; }
        const wanted = ids(one, whole.pages, [reader]);
        assert.deepEqual(passOf(whole, reader), wanted, `${reader}: the first read is a complete pass`);
        assert.deepEqual(passOf(await one.readAll({ selected, checkpoints: whole.checkpoints }), reader), wanted, `${reader}: so is the next one`);
        for (const each of whole.pages) for (const { collection, version, id } of normalizePages(connector, [each], [reader]).records) assert.ok(version >= each.page.observedAt, `${collection}/${id}: its version is below observedAt`);
        if (pagesOf(whole, reader).length < 2) continue;
        const first = await one.read({ selected, stopAfter: { reader, pages: 1 } });
        const rest = passOf(await one.readAll({ selected, checkpoints: first.checkpoints }), reader);
        assert.deepEqual(rest ?? wanted, wanted, `${reader}: what goes on from a checkpoint is said to be complete`);
      }
    }) },

    { name: '§4.1 a deselected collection costs no call', run: bed('filled', async (one) => {
      const none = await one.readAll({ selected: [] });
      assert.deepEqual(none.calls.map(({ request }) => request), [], 'calls with nothing selected');
      for (const { reader, selected } of one.readers) {
        const { calls } = await one.readAll({ selected });
        const others = calls.filter(({ collection }) => collection !== reader && collection !== connector.changeFeed && !selected.includes(collection));
        assert.deepEqual(others.map(({ collection, request }) => `${collection}: ${request}`), [], `calls for others while only ${selected.join(', ')} is selected`);
      }
    }) },

    { name: '§4.2 a run in which nothing changed costs what the declaration says', run: bed('filled', async (one) => {
      const first = await one.readAll();
      // The second run may still overlap with the first; the third sees a partner at rest.
      const second = await one.readAll({ checkpoints: first.checkpoints });
      const third = await one.readAll({ checkpoints: second.checkpoints });
      const cost = Object.fromEntries(one.all.map((name) => [name, third.calls.filter(({ collection }) => collection === name).length]));
      assert.deepEqual(cost, Object.fromEntries(connector.declaration.collections.map(({ name, callsPerSync }) => [name, callsPerSync])), 'calls by collection, beside callsPerSync');
    }) },

    { name: '§4.3 every call is counted, for a declared collection', run: bed('filled', async (one) => {
      const { calls } = await withoutFetch(() => one.readAll());
      assert.equal(calls.length, one.proxy.requests.length, 'calls that nobody counted');
      for (const { collection, request } of calls) assert.ok(one.all.includes(collection), `${request} is counted for ${collection}, which isn't declared`);
    }) },

    { name: '§3.13 a window that holds everything brings everything, also after a stop', run: bed('filled', async (one) => {
      const windowed = new Set(connector.declaration.collections.filter(({ window: by }) => by !== undefined).map(({ name }) => name));
      const window = { from: harness.startDate ?? 0, to: Date.now() + 86_400_000 };
      for (const { reader, selected } of one.readers.filter(({ selected: names }) => names.every((name) => windowed.has(name)))) {
        const wanted = ids(one, (await one.readAll({ selected })).pages, selected);
        const first = await one.readAll({ selected, window, stopAfter: { reader, pages: 1 } });
        const rest = await one.readAll({ selected, window, checkpoints: first.checkpoints });
        assert.deepEqual(ids(one, [...first.pages, ...rest.pages], selected).filter((id) => wanted.includes(id)), wanted, `${reader} in a window`);
      }
    }) },

    { name: '§3.6 a cancelled run makes no further call', run: bed('filled', async (one) => {
      const { reader, selected } = await longest(one);
      const controller = new AbortController();
      let callsBefore = -1;
      const { errors } = await readSource({
        connector: one.connector, credentials: one.partner.credentials, startDate: harness.startDate ?? 0, selected, signal: controller.signal,
        onPage: (page) => { if (page.reader === reader && callsBefore < 0) { callsBefore = one.proxy.requests.length; controller.abort(new Error('cancelled by the suite')); } },
      });
      assert.match(String(errors.get(reader)), /cancelled by the suite/);
      assert.equal(one.proxy.requests.length, callsBefore);
    }) },
  ];
}

/** Number of records by collection, each once, without those that are deleted. */
function livingIds(records: readonly NormalizedRecord[]): Map<string, number> {
  const gone = new Set(records.filter(({ deleted }) => deleted === true).map(({ collection, id }) => `${collection}/${id}`));
  const found = new Map<string, number>();
  for (const name of recordIds(records)) {
    const collection = name.slice(0, name.indexOf('/'));
    if (!gone.has(name)) found.set(collection, (found.get(collection) ?? 0) + 1);
  }
  return found;
}

/** `collection/id` of the complete pass that the pages state; undefined when they state none. */
function passOf(result: ReadResult, reader: string): string[] | undefined {
  let pass: Set<string> | undefined;
  let ended = false;
  for (const { page } of pagesOf(result, reader)) {
    if (page.pass?.begins === true) pass = new Set();
    if (page.pass === undefined || ended) pass = undefined;
    ended = page.pass?.ends === true;
    for (const id of page.pass?.ids ?? []) pass?.add(`${reader}/${id}`);
  }
  return ended && pass !== undefined ? [...pass].sort() : undefined;
}

const pagesOf = ({ pages }: ReadResult, reader: string): ReadPage[] => pages.filter((page) => page.reader === reader);

/** The global `fetch` is the one way around the kit that no import shows. */
async function withoutFetch<T>(work: () => Promise<T>): Promise<T> {
  const { fetch } = globalThis;
  globalThis.fetch = () => { throw new Error('a connector calls its partner through the http of its context only'); };
  try {
    return await work();
  } finally {
    globalThis.fetch = fetch;
  }
}

/** The reader with the most pages when it is read alone. */
async function longest(one: TestBed): Promise<{ reader: string; selected: readonly string[] }> {
  let best: { reader: string; selected: readonly string[]; pages: number } | undefined;
  for (const { reader, selected } of one.readers) {
    const pages = pagesOf(await one.readAll({ selected }), reader).length;
    if (pages > (best?.pages ?? 1)) best = { reader, selected, pages };
  }
  return best ?? assert.fail('the harness gives no collection two pages');
}
