import assert from 'node:assert/strict';
import { CloudSourcesError, type ErrorCode } from '#contracts';
import type { Connector } from '../connector.js';
import type { ProxyFault } from './fault-proxy.js';
import type { ConformanceCase, ConformanceHarness } from './harness.js';
import { normalizePages, recordIds, type ReadResult } from './read-source.js';
import { TestBed, assertCode, rejection } from './test-bed.js';

const HTML: ProxyFault = { kind: 'answer', status: 200, body: '<!doctype html><title>Sign in</title>', headers: { 'content-type': 'text/html' } };
const LONG_WAIT_S = 7_200;

export function errorCases(connector: Connector, harness: ConformanceHarness): ConformanceCase[] {
  const bed = (work: (bed: TestBed) => Promise<void>) => () => TestBed.use(connector, harness, 'filled', work);

  /** Every reader that makes a call must fail with the code; those that make none have nothing to fail with. */
  const everyReader = (code: ErrorCode, fault: (one: TestBed) => ProxyFault, more?: (error: CloudSourcesError) => void) => bed(async (one) => {
    one.proxy.set(fault(one));
    for (const { reader, selected } of one.readers) {
      const { errors, calls } = await one.read({ selected });
      if (calls.every(({ collection }) => collection !== reader)) continue;
      const thrown = errors.get(reader);
      assertCode(thrown, code, `reading ${reader}`);
      more?.(thrown);
    }
  });

  return [
    { name: '§2.1 check says whose the credentials are, and that every collection can be read', run: bed(async (one) => {
      const { account, access } = await one.check();
      assert.notEqual(account, '');
      assert.deepEqual(access.filter(({ readable }) => !readable), []);
      assert.deepEqual(access.map(({ collection }) => collection).sort(), one.all.sort());
    }) },
    { name: '§2.2 check refuses a wrong key', run: bed(async (one) => {
      assertCode(await rejection(one.check(one.partner.wrongCredentials)), 'authentication_failed', 'check with a wrong key');
    }) },
    { name: '§2.3 check reports a missing permission by collection', run: bed(async (one) => {
      one.proxy.set(one.answer(403));
      const { access } = await one.check();
      assert.ok(access.length > 0);
      for (const { collection, readable, error } of access) assert.deepEqual([collection, readable, error?.code], [collection, false, 'permission_denied']);
    }) },
    { name: '§2.4 check tells a partner that is down, or isn\'t the partner, from a wrong key', run: bed(async (one) => {
      one.proxy.set(one.answer(500));
      assertCode(await rejection(one.check()), 'partner_unavailable', 'check while the partner answers 500');
      one.proxy.set(HTML);
      assertCode(await rejection(one.check()), 'partner_contract', 'check of a web page');
    }) },
    { name: '§2.5 401 is authentication_failed', run: everyReader('authentication_failed', (one) => one.answer(401)) },
    { name: '§2.6 403 is permission_denied', run: everyReader('permission_denied', (one) => one.answer(403)) },
    { name: '§2.7 a long 429 is rate_limited, with the time until it makes sense', run: everyReader('rate_limited', (one) => one.answer(429, { 'retry-after': String(LONG_WAIT_S) }), ({ retryAfterMs, message }) => {
      assert.equal(retryAfterMs, LONG_WAIT_S * 1_000, message);
    }) },
    { name: '§2.8 a lasting 500 or reset is partner_unavailable', run: async () => {
      await everyReader('partner_unavailable', (one) => one.answer(500))();
      await everyReader('partner_unavailable', () => ({ kind: 'reset' }))();
    } },
    { name: '§2.9 HTML, cut JSON and JSON of another shape are partner_contract', run: async () => {
      await everyReader('partner_contract', () => HTML)();
      await everyReader('partner_contract', () => ({ kind: 'cut' }))();
      for (const body of ['{}', '[]', 'null', '"text"']) await everyReader('partner_contract', () => ({ kind: 'answer', status: 200, body }))();
    } },
    { name: '§2.10 a passing 429, 500 or reset changes nothing about what is read', run: bed(async (one) => {
      const passing: ProxyFault[] = [one.answer(429, { 'retry-after': '1' }), one.answer(500), { kind: 'reset' }];
      for (const { reader, selected } of one.readers) {
        const wanted = recordIds(normalizePages(connector, (await one.readAll({ selected })).pages, selected).records);
        for (const fault of passing) {
          one.proxy.set(fault, { times: 1 });
          const { pages } = await one.readAll({ selected });
          assert.deepEqual(recordIds(normalizePages(connector, pages, selected).records), wanted, reader);
        }
        one.proxy.set(undefined);
      }
    }) },
    { name: '§6.1 a secret is in no error, warning, request or page\'s description, even when the partner repeats it', run: bed(async (one) => {
      assert.ok(one.secrets.length > 0, 'the declaration has no secret field with a value');
      const noSecret = (text: string, where: string): void => { for (const secret of one.secrets) assert.ok(!text.includes(secret), `${where} holds a secret`); };
      const echo = one.secrets.join(' ');
      const noSecrets = ({ errors, warnings, calls, pages }: ReadResult): void => {
        for (const thrown of errors.values()) noSecret(describeError(thrown), 'an error');
        noSecret(JSON.stringify([warnings, calls, pages.map(({ page: { body: _body, ...rest } }) => rest)]), 'a warning, call or page');
      };
      const echoes: ProxyFault[] = [400, 401, 402, 403, 404, 422, 429, 500].map((status) => ({ kind: 'answer', status, body: JSON.stringify({ error: { message: echo, code: echo } }), headers: { 'x-echo': echo } }));
      for (const fault of [undefined, ...echoes, { kind: 'answer', status: 200, body: `<html>${echo}` } as const, { kind: 'cut' } as const, { kind: 'reset' } as const]) {
        one.proxy.set(fault);
        noSecrets(await one.read());
        noSecret(describeError(await rejection(one.check())), 'an error of check');
      }
      // Behind the first page too, where a reader may take an error status for an answer.
      for (const fault of echoes) for (const { selected } of one.readers) {
        one.proxy.set(fault, { skip: 1 });
        noSecrets(await one.read({ selected }));
      }
      noSecret(one.proxy.requests.join('\n'), 'the address of a request');
    }) },
  ];
}

/** Everything of an error that may be logged or shown, its causes included. */
function describeError(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return [thrown.message, thrown.stack ?? '', thrown instanceof CloudSourcesError ? JSON.stringify(thrown.report()) : '', thrown.cause === undefined ? '' : describeError(thrown.cause)].join('\n');
}
