import { describe, expect, it } from '@jest/globals';
import { EventRecord, ObjectRecord, rawHeaders, readRawHeaders, validate, type RawRecordMeta } from '#contracts';
import type { Normalize } from '#connector-kit';
import { normalizeRaw } from './normalize-raw.js';

const meta: RawRecordMeta = {
  id: 'r1', workspaceId: 'w1', sourceId: 's1', connector: 'demo', collection: 'things', component: 'sync',
  receivedAt: '2026-01-02T03:04:05.678Z', observedAt: 1_767_323_045_678, recordsAt: 'data', runId: 'run1', selected: ['things', 'thing_events'],
};
const normalize: Normalize = (record, { observedAt }) => {
  if (record['explode'] === true) throw new Error('a value nobody should read');
  const id = record['id'];
  if (typeof id !== 'string') return [{ failure: { reason: 'record_without_id', message: 'a thing has no id' } }];
  return [
    { collection: 'things', kind: 'object', id, version: observedAt, data: record },
    { collection: 'deselected', kind: 'object', id, version: observedAt, data: {} },
    { collection: 'thing_events', kind: 'event', id: `e-${id}`, version: 0, event: 'thing_seen', eventText: 'thing.seen', timestamp: meta.receivedAt, data: {} },
  ];
};
const page = (text: string): Buffer => Buffer.from(`{"object":"list","data":[${text}]}`);

describe('normalizeRaw', () => {
  it('makes keyed messages with deterministic ids, of selected collections only', () => {
    const { messages, failures } = normalizeRaw(normalize, meta, page('{"id":"a","n":1}'));
    expect(failures).toEqual([]);
    expect(messages.map(({ collection, key }) => [collection, key])).toEqual([['things', 's1/a'], ['thing_events', 's1/e-a']]);
    expect({ ...messages[0]?.shared, ...messages[0]?.headers }).toMatchObject({
      ce_id: 's1/things/a/1767323045678', ce_type: 'cloud-sources.object.v1', ce_recordid: 'a', ce_recordversion: '1767323045678', ce_runid: 'run1', ce_sourceid: 's1', ce_workspaceid: 'w1',
    });
    expect(messages[1]?.headers['ce_id']).toBe('s1/thing_events/e-a');
    expect(JSON.parse(messages[0]?.value ?? '')).toEqual({ id: 'a', version: '1767323045678', deleted: false, receivedAt: meta.receivedAt, data: { id: 'a', n: 1 } });
    expect(validate(ObjectRecord, JSON.parse(messages[0]?.value ?? '')).id).toBe('a');
    expect(validate(EventRecord, JSON.parse(messages[1]?.value ?? '')).event).toBe('thing_seen');
    expect(normalizeRaw(normalize, meta, page('{"id":"a","n":1}'))).toEqual({ messages, failures });
  });

  it('gives events that are made again a version, and objects the one they had', () => {
    const { messages } = normalizeRaw(normalize, { ...meta, replay: 1_778_000_000_000 }, page('{"id":"a","n":1}'));
    const first = normalizeRaw(normalize, meta, page('{"id":"a","n":1}')).messages;
    expect(messages[0]).toEqual(first[0]);
    expect([messages[1]?.key, messages[1]?.headers, messages[1]?.shared['ce_recordversion'], first[1]?.shared['ce_recordversion']]).toEqual([first[1]?.key, first[1]?.headers, '1778000000000', undefined]);
    expect(validate(EventRecord, JSON.parse(messages[1]?.value ?? ''))).toEqual({ ...JSON.parse(first[1]?.value ?? '') as object, version: '1778000000000' });
  });

  it.each([
    ['9007199254740993'], ['-12345678901234567890'], ['0.1234567890123456789'], ['1e400'], ['1.5E3'], ['123456789012345.67'],
  ])('keeps the number %s as it came', (number) => {
    const { messages } = normalizeRaw(normalize, meta, page(`{"id":"a","n":${number},"text":"see: 9007199254740993e5"}`));
    const written = /"n":([^,]+),/.exec(messages[0]?.value ?? '')?.[1] ?? '';
    expect(BigInt(Math.round(Number(written) - Number(number)) || 0)).toBe(0n);
    if (number !== '1.5E3') expect(written).toBe(number);
  });

  it('keeps the neighbours of a bad record, and the bad one with its own bytes', () => {
    const bad = '{ "x" : "}]\\"" , "n":1.0 }';
    const { messages, failures } = normalizeRaw(normalize, meta, page(`{"id":"a"},${bad},{"id":"b"},{"id":"c","explode":true},7`));
    expect(messages.filter(({ collection }) => collection === 'things').map(({ key }) => key)).toEqual(['s1/a', 's1/b']);
    expect(failures.map(({ reason, index, bytes }) => [reason, index, bytes.toString()])).toEqual([
      ['record_without_id', 1, bad], ['normalize_failed', 3, '{"id":"c","explode":true}'], ['record_not_object', 4, '7'],
    ]);
    expect(JSON.stringify(failures.map(({ message }) => message))).not.toContain('nobody should read');
  });

  it.each([
    ['not_json', Buffer.from('{"data":[{"id":"a"}')], ['not_json', Buffer.from('<html>')], ['not_utf8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['no_records', Buffer.from('{"items":[]}')],
  ])('gives the whole raw record up as %s', (reason, body) => {
    expect(normalizeRaw(normalize, meta, body)).toEqual({ messages: [], failures: [expect.objectContaining({ reason, bytes: body })] });
  });

  it('makes deletions of the ids that a complete pass didn\'t find, without asking the connector', () => {
    const absent = { ...meta, recordsAt: 'absent', absent: true } as const;
    const { messages, failures } = normalizeRaw(() => { throw new Error('not the partner\'s'); }, absent, Buffer.from('{"absent":[{"id":"a"},{"id":7}]}'));
    expect(messages.map(({ collection, key, value }) => [collection, key, JSON.parse(value)])).toEqual([
      ['things', 's1/a', { id: 'a', version: '1767323045678', deleted: true, receivedAt: meta.receivedAt, data: { id: 'a' } }],
    ]);
    expect(failures).toMatchObject([{ reason: 'record_invalid', index: 1 }]);
    expect(readRawHeaders(rawHeaders(absent))).toEqual(absent);
    expect(readRawHeaders(rawHeaders(meta))).toEqual(meta);
    expect(normalizeRaw(normalize, { ...absent, selected: ['others'] }, Buffer.from('{"absent":[{"id":"a"}]}')).messages).toEqual([]);
  });

  it('takes a body that is one record, and keeps it whole when it fails', () => {
    const single = { ...meta, recordsAt: '' };
    expect(normalizeRaw(normalize, single, Buffer.from('{"id":"a"}')).messages).toHaveLength(2);
    expect(normalizeRaw(normalize, single, Buffer.from('{}')).failures[0]?.bytes.toString()).toBe('{}');
  });
});
