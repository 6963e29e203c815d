import { expect, it } from '@jest/globals';
import { begins } from './begins.js';

it('a run says how often it began before', () => {
  expect([begins('run', 0), begins('replay', 1), begins('run', 3)]).toEqual(['The run begins.', 'The replay begins again, after a lost lease.', 'The run begins again, after 3 lost leases.']);
});
