import { describe, expect, it } from '@jest/globals';
import { CloudSourcesError, ERROR_CODES, fromErrorReport } from '#contracts';
import { loadConnectors } from './index.js';

const WORDS = 'the words of the partner';
const STATUSES = [400, 401, 403, 404, 406, 409, 410, 413, 422, 429, 500, 502, 503];
/** Error bodies in the shapes that partners use. */
const BODIES = [
  { error: { type: 'invalid_request_error', code: 'some_code', message: WORDS } },
  [{ message: WORDS, errorCode: 'SOME_CODE' }],
  { error: 'invalid_grant', error_description: WORDS },
  { error: 'SomeError', description: WORDS },
  { error: { title: 'Forbidden', message: WORDS } },
];

/** What a person needs of every error: what happened, and what to do. */
function isComplete(error: CloudSourcesError): void {
  expect(error.report()).toMatchObject({ title: expect.stringMatching(/^.{15,300}$/s), remedy: expect.stringMatching(/^.{15,600}[.!]$/s) });
}

describe('every error of the taxonomy', () => {
  it.each(ERROR_CODES)('%s says what to do when nobody else does', (code) => {
    // What is left out of a report is what the class says by itself.
    const { title, ...bare } = fromErrorReport({ code, title: 'Something happened, to something.', remedy: undefined as unknown as string }).report();
    expect(title).toBe('Something happened, to something.');
    expect(bare).toEqual({ code, remedy: expect.stringMatching(/^.{15,}\.$/) });
  });
});

describe('every answer of a partner that is an error', () => {
  it('becomes one with title, remedy and the partner\'s own words', async () => {
    const connectors = await loadConnectors();
    expect(connectors.length).toBeGreaterThan(2);
    for (const { declaration: { name }, mapError } of connectors) {
      let mapped = 0;
      for (const status of STATUSES) for (const body of BODIES) {
        const error = mapError?.({ status, headers: {}, path: '/v1/things', body: Buffer.from(JSON.stringify(body)) });
        if (error === undefined) continue; // the kit says it by status, with the body as the words
        mapped += 1;
        isComplete(error);
        // A body of another shape is quoted as far as it can be read.
        if (error.details !== undefined) expect([name, status, error.details]).toEqual([name, status, expect.stringMatching(/\S/)]);
      }
      expect([name, mapped > 5]).toEqual([name, true]);
    }
  });
});
