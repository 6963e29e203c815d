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
