import { describe, expect, it } from '@jest/globals';
import { deadLetterHeaders, rawHeaders, readRawHeaders, type DeadLetter } from '#contracts';
import type { IncomingMessage } from '#kafka';
import { toLetter } from './index-letters.js';
import { replayMessage } from './replay-message.js';

const ASKED = new Date('2026-05-06T07:08:09.000Z');
const meta = {
  id: 'page', workspaceId: 'w', sourceId: 's', connector: 'demo', collection: 'things', component: 'sync', receivedAt: '2026-01-02T03:04:05.678Z', observedAt: 1_767_323_045_678, recordsAt: 'result.data', selected: ['things'],
} as const;
const about: DeadLetter = { service: 'normalizer', reason: 'record_without_id', message: 'a thing has no id', topic: 'cs.raw.demo', partition: 2, offset: '77', workspaceId: 'w', sourceId: 's', connector: 'demo', collection: 'things', recordIndex: 4 };

const onTopic = (letter: DeadLetter, headers: Record<string, string>): IncomingMessage => ({
  topic: `cs.dead-letter.${letter.service}`, partition: 0, offset: '9', timestamp: '0', key: Buffer.from('s/things#1'), value: Buffer.from('{"n":1}'),
  headers: { ...deadLetterHeaders(letter, ASKED), ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [`original_${name}`, Buffer.from(value)])) },
});
const again = (letter: DeadLetter, headers: Record<string, string>) => {
  const { letter: { service, topic, connector = null, recordIndex = null }, key, value, headers: kept } = toLetter(onTopic(letter, headers));
  return replayMessage({ id: 'letter-1', service, topic, connector, recordIndex, key, value, headers: kept, askedAt: ASKED }, 'cs.');
};
const text = (headers: Record<string, string | Buffer>): Record<string, string> => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));

describe('a dead letter', () => {
  it('is read from its headers, with those of the message that failed', () => {
    const letter = toLetter(onTopic(about, { ...rawHeaders(meta), ce_replayof: 'letter-0' }));
    expect(letter).toMatchObject({ letter: about, at: ASKED, offset: '9', replayOf: 'letter-0' });
    expect(Buffer.from(letter.headers['ce_recordsat'] ?? '', 'base64').toString()).toBe('result.data');
    expect(() => toLetter({ ...onTopic(about, {}), headers: { ce_service: 'x' } })).toThrow('without the header');
  });

  it('of a page goes back as a page of the one record, with everything else as it was', () => {
    const { topic, message } = again(about, rawHeaders(meta));
    expect([topic, String(message.key), String(message.value)]).toEqual(['cs.replay.demo', 's/things#1', '{"result":{"data":[{"n":1}]}}']);
    expect(readRawHeaders(message.headers)).toEqual({ ...meta, replay: ASKED.getTime() });
    expect(text(message.headers)).toEqual({ ...rawHeaders(meta), ce_replay: String(ASKED.getTime()), ce_replayof: 'letter-1' });
  });

  it('of a whole raw record goes back as it was', () => {
    const { recordIndex: _, ...whole } = about;
    expect(String(again(whole, rawHeaders(meta)).message.value)).toBe('{"n":1}');
    expect(String(again(about, rawHeaders({ ...meta, recordsAt: '' })).message.value)).toBe('{"n":1}');
  });

  it('of the loader, or of nobody that is known, goes back to its topic', () => {
    const { topic, message } = again({ ...about, service: 'warehouse-loader', topic: 'cs.objects.demo.things' }, { ce_recordid: '1' });
    expect([topic, text(message.headers)]).toEqual(['cs.objects.demo.things', { ce_recordid: '1', ce_replayof: 'letter-1' }]);
    const { connector: _, ...nobody } = about;
    expect(again(nobody, {}).topic).toBe('cs.raw.demo');
  });
});
