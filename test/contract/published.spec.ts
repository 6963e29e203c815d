import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import specs from '@asyncapi/specs';
import { Ajv } from 'ajv';
import { loadConnectors } from '#connectors';
import { DEFAULT_TOPIC_OPTIONS, asyncApi, jsonSchemas } from '#contracts';
import { breaks, newlyRequired } from './breaking.js';

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const connectors = (await loadConnectors()).map(({ declaration }) => declaration);
const normal = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('what downstream teams read', () => {
  it('is what the contracts say (npm run build && npm run docs)', () => {
    expect(read('docs/asyncapi.json')).toEqual(normal(asyncApi(connectors, DEFAULT_TOPIC_OPTIONS.prefix)));
    expect(read('docs/schemas.json')).toEqual(normal(jsonSchemas(connectors)));
  });

  it('is an AsyncAPI 3 document', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const validate = ajv.compile(specs.schemasWithoutId['3.0.0'] as object);
    validate(read('docs/asyncapi.json'));
    expect(validate.errors).toBeNull();
  });

  it('has a channel for every collection', () => {
    const { channels } = read('docs/asyncapi.json') as { channels: Record<string, { address: string }> };
    const addresses = Object.values(channels).map(({ address }) => address);
    for (const { name, collections } of connectors) for (const { name: collection, kind } of collections) expect(addresses).toContain(`cs.${kind}s.${name}.${collection}`);
  });
});

/** A break on purpose is a new version beside the old one. What was never released is released by `npm run docs -- --release`. */
describe('since the last release (npm run docs -- --release)', () => {
  it.each(['openapi.json', 'asyncapi.json', 'schemas.json'])('%s only grew', (file) => {
    expect(existsSync(`docs/released/${file}`)).toBe(true);
    expect(breaks(read(`docs/released/${file}`), read(`docs/${file}`))).toEqual([]);
  });

  it('no request needs more', () => {
    expect(newlyRequired(read('docs/released/openapi.json') as never, read('docs/openapi.json') as never)).toEqual([]);
  });
});

describe('breaks', () => {
  const text = '{"paths":{"/a":{"get":{"responses":{"200":{}}}}},"components":{"schemas":{"A":{"properties":{"x":{"type":"string","description":"old"}},"required":["x"]}}}}';
  const changed = (part: string, by: string): string[] => {
    expect(text).toContain(part);
    return breaks(JSON.parse(text), JSON.parse(text.replace(part, by)));
  };

  it('lets things be added and words change', () => {
    expect(changed('"/a":', '"/b":{},"/a":')).toEqual([]);
    expect(changed('"x":{', '"y":{},"x":{')).toEqual([]);
    expect(changed('"old"', '"new"')).toEqual([]);
  });

  it('names what went, and what means something else', () => {
    expect(changed('"get":', '"put":')).toEqual(['/paths//a/get is gone']);
    expect(changed('"string"', '"integer"')).toEqual(['/components/schemas/A/properties/x/type was "string" and is "integer"']);
    expect(changed('["x"]', '[]')).toEqual(['/components/schemas/A/required has no "x" any more']);
  });

  it('names what a request newly needs', () => {
    const asks = { paths: { '/a': { post: { requestBody: { $ref: '#/components/schemas/A' } } } }, components: { schemas: { A: { required: ['x'] } } } };
    expect(newlyRequired(asks, { ...asks, components: { schemas: { A: { required: ['x', 'y'] } } } })).toEqual(['requests with A now need y']);
  });
});
