import { describe, expect, it } from '@jest/globals';
import { recordSlices } from './record-slices.js';
import { splitPage } from './split-page.js';

const record = (index: number): string => `{"id":"r${index}", "amount": 10000000000000000${index}.50, "text":"${'é]}'.repeat(index % 7)}" }`;
const records = Array.from({ length: 200 }, (_unused, index) => record(index));

describe('splitting a page', () => {
  it.each([['data', (list: string) => `{"object":"list","data":[${list}],"has_more":true}`], ['result.items', (list: string) => `{ "result": {"n":1, "items": [ ${list} ] } }`]])(
    'keeps every record at %s byte for byte and every part within the limit', (at, page) => {
      const body = Buffer.from(page(records.join(',\n ')));
      for (const max of [200, 1_000, 5_000]) {
        const parts = splitPage(body, at, max);
        expect(parts.length).toBeGreaterThan(1);
        expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(max);
        expect(parts.flatMap((part) => recordSlices(part, at).map(({ start, end }) => part.toString('utf8', start, end)))).toEqual(records);
        for (const part of parts) expect(() => JSON.parse(part.toString('utf8')) as unknown).not.toThrow();
      }
    });

  it('fills the parts: two neighbours never fit into one', () => {
    const parts = splitPage(Buffer.from(`{"data":[${records.join(',')}]}`), 'data', 1_000);
    const frame = '{"data":[]}'.length;
    for (let index = 1; index < parts.length; index++) {
      const first = recordSlices(parts[index]!, 'data')[0]!;
      expect(parts[index - 1]!.length + 1 + first.end - first.start).toBeGreaterThan(1_000);
      expect(parts[index]!.length).toBeGreaterThan(frame);
    }
  });

  it('leaves a page within the limit as it came', () => {
    const body = Buffer.from(`{"data":[${records.join(',')}],"next":"x"}`);
    expect(splitPage(body, 'data', body.length)).toEqual([body]);
    expect(splitPage(body, 'data', body.length)[0]).toBe(body);
  });

  it('leaves a record above the limit alone in its part', () => {
    const big = `{"id":"big","text":"${'x'.repeat(5_000)}"}`;
    const parts = splitPage(Buffer.from(`{"data":[${record(1)},${big},${record(2)}]}`), 'data', 1_000);
    expect(parts.map((part) => part.toString('utf8'))).toEqual([`{"data":[${record(1)}]}`, `{"data":[${big}]}`, `{"data":[${record(2)}]}`]);
  });

  it('keeps what stands beside: short values in every part, elements of long lists with their records, a long value alone', () => {
    const many = Array.from({ length: 40 }, (_unused, index) => ({ id: index + 1, author_id: `u${index % 4}`, text: 'x'.repeat(60) }));
    const people = Array.from({ length: 6 }, (_unused, index) => ({ id: `u${index}`, name: `"person" ${index}`, note: 'y'.repeat(60) }));
    const sets = many.map(({ id }) => ({ id: 1_000 + id, record_id: id, text: 'z'.repeat(20) }));
    const parts = splitPage(Buffer.from(JSON.stringify({ count: 40, 'p\u00e9ople': people, sets, page: { records: many, next: 'n' }, blob: 'b'.repeat(1_500) })), 'page.records', 2_000);
    type Part = { count?: number; péople?: typeof people; sets?: typeof sets; blob?: string; page: { records: typeof many; next?: string } };
    const read = parts.map((part) => JSON.parse(part.toString('utf8')) as Part);
    expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(2_000);
    expect(read.flatMap(({ page }) => page.records)).toEqual(many);
    for (const part of read.filter(({ page }) => page.records.length > 0)) {
      expect(part).toMatchObject({ count: 40, page: { next: 'n' } });
      for (const { id, author_id: author } of part.page.records) {
        expect(part.péople?.map((person) => person.id)).toContain(author);
        expect(part.sets?.map((set) => set.record_id)).toContain(id);
      }
    }
    // Nobody names the last two people.
    expect(new Set(read.flatMap((part) => part.péople?.map(({ id }) => id) ?? []))).toEqual(new Set(people.map(({ id }) => id)));
    expect(read.filter(({ blob }) => blob !== undefined)).toEqual([{ blob: 'b'.repeat(1_500), page: { records: [] } }]);
  });

  it('gives a record that doesn\'t fit beside all it names the rest in parts without records', () => {
    const users = Array.from({ length: 30 }, (_unused, index) => ({ id: 500 + index, text: 'u'.repeat(100) }));
    const parts = splitPage(Buffer.from(JSON.stringify({ data: [{ id: 1, user_ids: users.map(({ id }) => id) }], users })), 'data', 1_000);
    const read = parts.map((part) => JSON.parse(part.toString('utf8')) as { data: { id: number }[]; users: typeof users });
    expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(1_000);
    expect(read.flatMap((part) => part.data.map(({ id }) => id))).toEqual([1]);
    expect(read.flatMap((part) => part.users)).toEqual(users);
  });

  it('has nothing to cut in one record, or in a page without records', () => {
    const one = Buffer.from(`{"id":"${'x'.repeat(100)}"}`);
    expect(splitPage(one, '', 10)).toEqual([one]);
    const none = Buffer.from(`{"data":[],"note":"${'x'.repeat(100)}"}`);
    expect(splitPage(none, 'data', 10)).toEqual([none]);
  });

  it('says so when the page can\'t be cut', () => {
    expect(() => splitPage(Buffer.from('{"data":{"id":"not a list"}}'), 'data', 5)).toThrow('no array of records at "data"');
  });
});
