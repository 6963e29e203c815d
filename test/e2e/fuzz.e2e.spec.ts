import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { fuzz, fuzzedProduct } from './support/fuzz.js';

/** Requests that Schemathesis makes of the OpenAPI document, the same ones every time. `npm run fuzz` makes others, and more. */
let fuzzed: Awaited<ReturnType<typeof fuzzedProduct>>;

beforeAll(async () => { fuzzed = await fuzzedProduct(); }, 180_000);
afterAll(async () => { await fuzzed?.stop(); }, 120_000);

it('answers whatever is sent with what the document says, and never with an error of its own', async () => {
  expect(await fuzz(fuzzed.product, { examples: 2, seconds: 90 })).toBeUndefined();
  expect(fuzzed.product.lines.filter(({ line }) => line.includes('A request failed.'))).toEqual([]);
}, 600_000);
