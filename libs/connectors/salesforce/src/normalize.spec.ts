import { describe, expect, it } from '@jest/globals';
import { columnName } from './column-name.js';
import { normalize } from './normalize.js';

const meta = { id: 'p', workspaceId: 'w', sourceId: 's', connector: 'salesforce', collection: 'accounts', component: 'sync', receivedAt: '2026-06-01T12:00:00.000Z', observedAt: 1_780_000_000_123, recordsAt: 'records' } as const;

describe('normalize', () => {
  it('names columns in snake_case', () => {
    const names = { SystemModstamp: 'system_modstamp', Id: 'id', Pricebook2Id: 'pricebook2_id', Score__c: 'score_c', SBQQ__Quote_Line__c: 'sbqq_quote_line_c', IsAllDayEvent: 'is_all_day_event', TimeZoneSidKey: 'time_zone_sid_key', MRRTotal__c: 'mrr_total_c', HTMLBody: 'html_body' };
    expect(Object.fromEntries(Object.keys(names).map((name) => [name, columnName(name)]))).toEqual(names);
  });

  it('makes a row with the time of the change as its version, and leaves numbers as they are', () => {
    const exact = { isLosslessNumber: true, value: '12345678901234567890' };
    expect(normalize({ attributes: { type: 'Account', url: '/x' }, Id: '001', SystemModstamp: '2026-06-01T12:00:00.000+0000', LastModifiedDate: '2026-05-01T12:00:00.000+0000', IsDeleted: false, Big__c: exact, Name: null, CloseDate: '2026-01-31' }, meta)).toEqual([{
      collection: 'accounts', kind: 'object', id: '001', version: Date.UTC(2026, 5, 1, 12),
      data: { id: '001', system_modstamp: '2026-06-01T12:00:00.000Z', last_modified_date: '2026-05-01T12:00:00.000Z', is_deleted: false, big_c: exact, name: null, close_date: '2026-01-31' },
    }]);
  });

  it('takes the next best time, and at last the time of the request', () => {
    const version = (record: Record<string, unknown>): unknown => normalize({ Id: '1', ...record }, meta).map((row) => ('failure' in row ? row : row.version));
    expect(version({ CreatedDate: '2026-06-01T00:00:00.000+0000', LastModifiedDate: '2026-06-02T00:00:00.000+0200' })).toEqual([Date.UTC(2026, 5, 1, 22)]);
    expect(version({ CreatedDate: '2026-06-01T00:00:00Z' })).toEqual([Date.UTC(2026, 5, 1)]);
    expect(version({ SystemModstamp: 'not a time' })).toEqual([meta.observedAt]);
  });

  it('deletes what is in the recycle bin', () => {
    expect(normalize({ Id: '1', IsDeleted: true }, meta)).toMatchObject([{ deleted: true, data: { is_deleted: true } }]);
  });

  it('keeps both of two fields that come to one name, in whatever order they are', () => {
    const wanted = { id: '1', foo_bar_c: 'a', foo_bar_c_2: 'b' };
    expect(normalize({ Id: '1', FooBar__c: 'a', Foo_Bar__c: 'b' }, meta)).toMatchObject([{ data: wanted }]);
    expect(normalize({ Foo_Bar__c: 'b', FooBar__c: 'a', Id: '1' }, meta)).toMatchObject([{ data: wanted }]);
  });

  it('fails without an id and skips what isn\'t selected', () => {
    expect(normalize({ Name: 'x' }, meta)).toEqual([{ failure: { reason: 'record_without_id', message: 'A record of accounts has no Id.' } }]);
    expect(normalize({ Id: '1' }, { ...meta, selected: ['leads'] })).toEqual([]);
  });
});
