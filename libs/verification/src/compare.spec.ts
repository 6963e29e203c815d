import { describe, expect, it } from '@jest/globals';
import { compare, type Places } from './compare.js';

const state = (version: number, deleted = false) => ({ version: BigInt(version), deleted });
const same = new Map([['a', state(1)], ['b', state(2)], ['gone', state(3, true)]]);
const places = (more: Partial<Places> = {}): Places => ({
  collection: 'things', kind: 'object', partnerAlways: new Set(['a', 'b']), partnerEver: new Set(['a', 'b']), topic: same, warehouse: new Map(same), ...more,
});
const problems = (more: Partial<Places>) => Object.fromEntries(compare(places(more)).examples.map(({ id, problem }) => [id, problem]));

describe('compare', () => {
  it('finds nothing when all three places hold the same', () => {
    const { ids, versions, problems: none, ...counts } = compare(places());
    expect(counts).toEqual({ collection: 'things', kind: 'object', partner: 2, topic: 2, warehouse: 2, difference: 0, examples: [] });
    expect(none.size).toBe(0);
    expect([ids.partner, ids.warehouse]).toEqual([ids.topic, ids.topic]);
    expect(versions.warehouse).toBe(versions.topic);
  });

  it('names every record that differs, and how', () => {
    expect(problems({ partnerAlways: new Set(['a', 'b', 'lost', 'gone']), partnerEver: new Set(['a', 'b', 'lost', 'gone']) })).toEqual({ lost: 'not in the topic', gone: 'not in the topic' });
    expect(problems({ partnerAlways: new Set(['a']), partnerEver: new Set(['a']) })).toEqual({ b: 'not at the partner' });
    expect(problems({ warehouse: new Map([['a', state(1)], ['b', state(1)], ['extra', state(1)]]) })).toEqual({ b: 'another version in the warehouse', gone: 'not in the warehouse', extra: 'only in the warehouse' });
    expect(problems({ warehouse: new Map([...same, ['b', state(2, true)]]) })).toEqual({ b: 'deleted in one place only' });
  });

  it('sums ids and versions, whatever their order', () => {
    const turned = new Map([...same].reverse());
    expect(compare(places({ warehouse: turned })).versions).toEqual(compare(places()).versions);
    const newer = compare(places({ warehouse: new Map([...same, ['b', state(9)]]) }));
    expect([newer.ids.warehouse === newer.ids.topic, newer.versions.warehouse === newer.versions.topic]).toEqual([true, false]);
    const deleted = compare(places({ warehouse: new Map([...same, ['b', state(2, true)]]) }));
    expect([deleted.ids.warehouse === deleted.ids.topic, deleted.versions.warehouse === deleted.versions.topic]).toEqual([false, false]);
  });

  it('forgives what came or went at the partner meanwhile, and events that the partner has forgotten', () => {
    expect(compare(places({ partnerAlways: new Set(['a']), partnerEver: new Set(['a', 'b', 'new']) })).difference).toBe(0);
    expect(compare(places({ kind: 'event', partnerAlways: new Set(['a']), partnerEver: new Set(['a']) })).difference).toBe(0);
  });

  it('looks again only at what was a problem before', () => {
    const first = compare(places({ warehouse: new Map([['a', state(1)]]) }));
    expect(Object.fromEntries(first.problems)).toEqual({ b: 'not in the warehouse', gone: 'not in the warehouse' });
    // one has arrived, another one has changed meanwhile
    const again = compare(places({ warehouse: new Map([['a', state(0)], ['b', state(2)]]) }), first);
    expect([Object.fromEntries(again.problems), again.difference]).toEqual([{ gone: 'not in the warehouse' }, 1]);
  });

  it('still compares topic and warehouse when the partner can not be asked', () => {
    expect(compare(places({ partnerAlways: undefined, partnerEver: undefined, warehouse: new Map(), note: 'why' }))).toMatchObject({ partner: undefined, difference: 3, note: 'why' });
  });
});
