import { describe, expect, it } from '@jest/globals';
import { CE_TYPES, toHeaders } from '#contracts';
import type { IncomingMessage } from '#kafka';
import type { TableTarget } from '#warehouse';
import { buried, recordDecoder, type Destination } from './decode.js';

const object: TableTarget = { schema: 'acme', table: 'things', kind: 'object', fields: {} };
const event: TableTarget = { ...object, table: 'seen', kind: 'event' };
const place = (target: TableTarget, ...leftOut: string[][]): Destination => ({ target, leftOut });
const at = '2026-01-02T03:04:05.678Z';

function message(value: string | Buffer | null, { type = CE_TYPES.object as string, ...more }: Record<string, string | undefined> = {}): IncomingMessage {
  return {
    topic: 't', partition: 3, offset: '41', timestamp: '0', key: Buffer.from('s/a'), value: value === null ? null : Buffer.from(value),
    headers: toHeaders({ id: 'x', source: '/s', type, time: at, workspaceid: 'w', sourceid: 's', connector: 'acme', collection: 'things', recordid: 'a', recordversion: '1', runid: 'run_1', ...more }),
  };
}
const body = (more: object = {}) => JSON.stringify({ id: 'a', version: '7', deleted: false, receivedAt: at, data: { n: 1 }, ...more });
const run = (incoming: IncomingMessage, destination: Destination = place(object)) => recordDecoder(() => destination).run(incoming);
const reason = (incoming: IncomingMessage, destination?: Destination) => { const result = run(incoming, destination); return result.outcome === 'ok' ? 'ok' : result.reason; };

describe('decoding a record', () => {
  it('takes an object and an event', () => {
    expect(run(message(body()))).toMatchObject({ outcome: 'ok', value: { id: 'a', version: 7n, deleted: false, runId: 'run_1', data: { n: 1 }, offset: '41', target: object } });
    expect(run(message(body({ event: 'seen', eventText: 'x.seen', timestamp: at }), { type: CE_TYPES.event }), place(event))).toMatchObject({ outcome: 'ok', value: { event: 'seen', eventText: 'x.seen', timestamp: at } });
  });

  it('keeps numbers that a double would round', () => {
    const result = run(message(`{"id":"a","version":"7","deleted":false,"receivedAt":"${at}","data":{"n":9007199254740993}}`));
    expect(result).toMatchObject({ value: { data: { n: { isLosslessNumber: true, value: '9007199254740993' } } } });
  });

  it('leaves out tombstones, deleted sources and those of another warehouse', () => {
    expect([reason(message(null)), reason(message(body()), 'deleted'), reason(message('not read'), 'elsewhere'), reason(message('not read'), 'left-out')])
      .toEqual(['tombstone', 'source_deleted', 'other_warehouse', 'left_out']);
  });

  it('leaves out fields, nested ones too', () => {
    const data = { name: 'Ann', email: 'a@example.com', address: { city: 'Ulm', zip: '1' }, list: [1] };
    expect(run(message(body({ data })), place(object, ['email'], ['address', 'zip'], ['list', 'x'], ['nowhere', 'x'], ['name', 'x']))).toMatchObject({ value: { data: { name: 'Ann', address: { city: 'Ulm' }, list: [1] } } });
    expect(run(message(body({ data })), place(object, ['email'], ['address']))).not.toHaveProperty('value.data.email');
  });

  it('an unknown source is a reason of its own', () => {
    expect(recordDecoder(() => undefined).run(message(body()))).toMatchObject({ outcome: 'dead-letter', reason: 'unknown_source' });
  });

  it.each([
    ['not_json', '{'], ['not_a_record', '7'], ['not_a_record', 'null'], ['not_a_record', '[]'], ['not_a_record', body({ id: 5 })], ['not_a_record', body({ version: 7 })], ['not_a_record', body({ version: '-1' })],
    ['not_a_record', body({ deleted: 'no' })], ['not_a_record', body({ receivedAt: null })], ['not_a_record', body({ data: [1] })],
  ])('%s: %s', (expected, value) => { expect(reason(message(value))).toBe(expected); });

  it('takes what is as usual at its word, and reads the rest when the data is asked for', () => {
    const cut = body({ data: { name: 'Ann', list: [1, 2] } }).slice(0, -4);
    const late = (value: string, target = object): unknown => {
      const result = run(message(value, target === event ? { type: CE_TYPES.event } : {}), place(target));
      return result.outcome === 'ok' ? () => result.value.data : result;
    };
    expect(late(cut)).toThrow(expect.objectContaining({ name: 'UnreadableRowError', reason: 'not_json' }));
    expect(late(body().replace('}}', '},"id":"b"}'))).toThrow(expect.objectContaining({ reason: 'not_a_record' }));
    const seen = JSON.stringify({ id: 'e1', event: 'seen', eventText: 'x.seen', timestamp: at, receivedAt: at, data: { n: 1 } });
    expect(run(message(seen, { type: CE_TYPES.event }), place(event))).toMatchObject({ outcome: 'ok', value: { id: 'e1', version: 0n, event: 'seen', eventText: 'x.seen', timestamp: at, receivedAt: at, data: { n: 1 } } });
    expect(late(seen.slice(0, -1), event)).toThrow(expect.objectContaining({ reason: 'not_json' }));
  });

  it.each(['\u00e9', 'ä', '😀', '\\"', ' ', 'x'.repeat(80)])('reads an id as it is spelled: %s', (id) => {
    expect(run(message(body({ id })))).toMatchObject({ outcome: 'ok', value: { id, data: { n: 1 } } });
    expect(run(message(body().replace('"id":"a"', '"id":"\\u0061\\n"')))).toMatchObject({ outcome: 'ok', value: { id: 'a\n' } });
  });

  it('an event needs its name and its moment, bytes need to be UTF-8, headers need to be there', () => {
    expect(reason(message(body(), { type: CE_TYPES.event }), place(event))).toBe('not_a_record');
    expect(reason(message(Buffer.from([0x7b, 0xff])))).toBe('not_utf8');
    expect(reason(message(body(), { sourceid: undefined }))).toBe('bad_headers');
  });

  it('a dead letter keeps key, bytes and headers', () => {
    const incoming = message('{');
    const letter = buried(incoming, 'not_json', 'the 1 bytes are not JSON', new Date(at));
    expect(letter).toMatchObject({ key: incoming.key, value: incoming.value, headers: { ce_id: 't/3/41', ce_reason: 'not_json', ce_sourceid: 's', original_ce_recordid: 'a' } });
  });
});
