import { describe, expect, it } from '@jest/globals';
import { hideAborted, type FetchedMessage, type FetchedPartition } from './aborted-transactions.js';

const record = (offset: number, producerId: string, inTransaction = true): FetchedMessage =>
  ({ offset: String(offset), key: Buffer.from('k'), isControlRecord: false, batchContext: { producerId, inTransaction } });
const mark = (offset: number, producerId: string, how: 'abort' | 'commit'): FetchedMessage =>
  ({ offset: String(offset), key: Buffer.from([0, 0, 0, how === 'abort' ? 0 : 1]), isControlRecord: true, batchContext: { producerId, inTransaction: true } });
const aborted = (producerId: string, firstOffset: number) => ({ producerId, firstOffset: String(firstOffset) });

function shown(partition: FetchedPartition): number[] {
  hideAborted(partition);
  expect(partition.abortedTransactions).toEqual([]);
  return partition.messages.filter(({ isControlRecord }) => !isControlRecord).map(({ offset }) => Number(offset));
}

describe('what was aborted', () => {
  it('is hidden when the transaction that began first ended last', () => {
    expect(shown({
      abortedTransactions: [aborted('b', 1), aborted('a', 0)],
      messages: [record(0, 'a'), record(1, 'b'), record(2, 'c'), mark(3, 'b', 'abort'), mark(4, 'a', 'abort'), mark(5, 'c', 'commit')],
    })).toEqual([2]);
  });

  it('is hidden when a fetch begins in the middle of several transactions', () => {
    expect(shown({
      abortedTransactions: [aborted('a', 3), aborted('b', 5)],
      messages: [record(10, 'b'), record(11, 'a'), mark(12, 'a', 'abort'), record(13, 'b'), mark(14, 'b', 'abort'), record(15, 'b'), mark(16, 'b', 'commit')],
    })).toEqual([15]);
  });

  it('is hidden each time when a producer aborts twice, and what it commits in between is shown', () => {
    expect(shown({
      abortedTransactions: [aborted('a', 0), aborted('a', 4)],
      messages: [record(0, 'a'), mark(1, 'a', 'abort'), record(2, 'a'), mark(3, 'a', 'commit'), record(4, 'a')],
    })).toEqual([2]);
  });

  it('does not touch records outside of transactions, nor those whose key looks like a mark', () => {
    const likeAMark = { ...record(2, 'a', false), key: Buffer.from([0, 0, 0, 0]) };
    expect(shown({ abortedTransactions: [aborted('a', 0)], messages: [record(0, 'a'), record(1, '-1', false), likeAMark, record(3, 'a')] })).toEqual([1, 2]);
    expect(shown({ abortedTransactions: [], messages: [record(0, 'a')] })).toEqual([0]);
  });
});
