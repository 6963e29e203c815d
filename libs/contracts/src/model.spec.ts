import { describe, expect, it } from '@jest/globals';
import { modelMessage, type ModelChange } from './model.js';
import { EventRecord, readRecordHeaders } from './record.js';
import { topicDefinitions, DEFAULT_TOPIC_OPTIONS } from './topics.js';
import { validate } from './validate.js';

const change: ModelChange = {
  workspaceId: 'w', modelId: 'm', kind: 'trait', slug: 'spent', name: 'Spent "in all"', token: '7', at: '2026-01-31T08:00:00.000Z', userId: 'ü/1"', event: 'trait_changed', value: '9007199254740993', previous: null,
};

describe('a change of a model', () => {
  it('is an event record like any other, with every digit, on a topic that is made', () => {
    const { topic, key, headers, value } = modelMessage('cs.', change);
    expect([topic, key]).toEqual(['cs.events.warehouse.trait_changes', 'ü/1"']);
    expect(topicDefinitions([], DEFAULT_TOPIC_OPTIONS).map(({ name }) => name)).toContain(topic);
    expect(readRecordHeaders(headers)).toMatchObject({ workspaceId: 'w', sourceId: 'm', connector: 'warehouse', collection: 'trait_changes', kind: 'event', recordId: '7/ü/1"' });
    expect(value).toContain('"value":9007199254740993,"previous_value":null');
    expect(validate(EventRecord, JSON.parse(value))).toMatchObject({ event: 'trait_changed', data: { user_id: 'ü/1"', trait_id: 'm', trait: 'spent', trait_name: 'Spent "in all"' } });
  });

  it('has an id that a repeat doesn\'t change, and another computation does', () => {
    const id = (of: ModelChange): string => modelMessage('cs.', of).headers['ce_id'] ?? '';
    expect(id(change)).toBe(id({ ...change, name: 'renamed' }));
    expect(new Set([change, { ...change, token: '8' }, { ...change, userId: 'v' }, { ...change, modelId: 'n' }].map(id)).size).toBe(4);
  });
});
