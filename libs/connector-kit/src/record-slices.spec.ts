import { describe, expect, it } from '@jest/globals';
import { recordSlices } from './record-slices.js';

const texts = (json: string, at: string): string[] => {
  const body = Buffer.from(json);
  return recordSlices(body, at).map(({ start, end }) => body.toString('utf8', start, end));
};

describe('record slices', () => {
  it('finds the bytes of each record, whatever they hold', () => {
    const records = [
      '{"id": "a}]\\"[{", "n": 12345678901234567890.10}', '{"é": "\\u00e9 \\\\"}', '{"deep":[[{"data":[1,{}]}],"]"]}', '{}', '"text, with a comma"', '-1.5e+300', 'null', '[]', '{"😀":"\\ud800"}',
    ];
    for (const gap of ['', ' ', '\n\t ']) {
      const page = `${gap}{"data" : ${gap}[${gap}${records.join(`${gap},${gap}`)}${gap}],${gap}"has_more":false}${gap}`;
      expect(texts(page, 'data')).toEqual(records);
    }
  });

  it('finds an array at a path, past keys and strings that look like it', () => {
    const page = '{"data":{"x":[1],"items":[{"id":"1"},{"id":"2"}]},"items":[3],"text":"\\"data\\":{\\"items\\":[9]}"}';
    expect(texts(page, 'data.items')).toEqual(['{"id":"1"}', '{"id":"2"}']);
    expect(texts(page, 'items')).toEqual(['3']);
  });

  it.each([
    ['the last of equal keys', '{"a":[1],"a":[2,3]}', 'a'],
    ['a later parent without the array', '{"a":{"b":[1]},"a":{}}', 'a.b'],
    ['an escaped key', '{"d\\u0061ta":[7]}', 'data'],
    ['a later value that is no array', '{"a":[1],"a":null}', 'a'],
  ])('agrees with JSON.parse: %s', (_name, json, at) => {
    const parsed = at.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], JSON.parse(json));
    if (Array.isArray(parsed)) expect(texts(json, at).map((text) => JSON.parse(text) as unknown)).toEqual(parsed);
    else expect(() => texts(json, at)).toThrow(`no array of records at "${at}"`);
  });

  it('takes the whole body as one record when there is no path', () => {
    expect(texts(' {"id":1} \n', '')).toEqual(['{"id":1}']);
  });

  it('survives depth that would overflow a stack', () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    expect(texts(`{"data":[${deep}]}`, 'data')).toEqual([deep]);
  });

  it.each([['{"data":{}}', 'data'], ['{"items":[]}', 'data'], ['[]', 'data'], ['{"data":"[1]"}', 'data'], ['{}', 'a.b']])('says so when %s has no array at %s', (json, at) => {
    expect(() => texts(json, at)).toThrow(`The page has no array of records at "${at}".`);
  });

  it.each(['', '{', '{"data"', '{"data":', '{"data":[', '{"data":[{"a":1}', '{"data":[{"a":1},', '{"data":[1]', '{"data":["x]}', '{"data":[1]}}', '{"data":[1,]}', '{"data":[{]}]}', '{"data" [1]}', '{"data":[1 2]}', '{data:[1]}', '{"data":[1]} x'])(
    'refuses the broken page %s', (json) => {
      expect(() => texts(json, 'data')).toThrow('isn\'t a complete JSON document');
    });

  it('refuses every cut of a page', () => {
    const page = '{"object":"list","data":[{"id":"a","list":{"data":[{"x":"]}"}]}},{"id":"b"}],"more":true}';
    for (let length = 0; length < page.length; length++) expect(() => texts(page.slice(0, length), 'data')).toThrow('isn\'t a complete JSON document');
    expect(texts(page, 'data')).toHaveLength(2);
  });
});
