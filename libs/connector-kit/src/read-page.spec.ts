import { describe, expect, it } from '@jest/globals';
import type { PartnerResponse } from './http/types.js';
import { parsePage } from './read-page.js';

const response = (value: unknown): PartnerResponse => ({ status: 200, headers: {}, body: Buffer.alloc(0), observedAt: 1, request: '/v1/things?limit=1', json: <T>() => value as T });

describe('parsing a page', () => {
  it('gives the body and the records at a path', () => {
    const body = { result: { items: [{ id: 1 }, {}] }, next: 'x' };
    expect(parsePage(response(body), 'result.items')).toEqual({ body, records: [{ id: 1 }, {}] });
    expect(parsePage(response({ data: [] }), 'data').records).toEqual([]);
    expect(parsePage(response({ data: [1, null, [], { id: 2 }] }), 'data').records).toEqual([{ id: 2 }]);
  });

  it.each([null, 1, 'x', [], {}, { data: {} }, { data: 'x' }])('refuses %j', (value) => {
    expect(() => parsePage(response(value), 'data')).toThrow(expect.objectContaining({ code: 'partner_contract', message: 'The answer to /v1/things?limit=1 has no list of records at "data".' }));
  });
});
