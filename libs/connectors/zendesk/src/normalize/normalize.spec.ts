import { describe, expect, it } from '@jest/globals';
import type { RawRecordMeta } from '#contracts';
import type { NormalizedRecord } from '#connector-kit';
import { normalize } from './normalize.js';

const OBSERVED = Date.parse('2026-11-22T10:00:00.123Z');
const meta = (collection: string, more: Partial<RawRecordMeta> = {}): RawRecordMeta => ({
  id: 'raw-1', workspaceId: 'w', sourceId: 's', connector: 'zendesk', collection, component: 'sync', receivedAt: '2026-11-22T10:00:01.000Z', observedAt: OBSERVED, recordsAt: collection, ...more,
});
const records = (collection: string, record: Record<string, unknown>, more: Partial<RawRecordMeta> = {}): NormalizedRecord[] => normalize(record, meta(collection, more)) as NormalizedRecord[];
const webhook = (body: Record<string, unknown>): NormalizedRecord[] => records('webhook_events', body, { component: 'webhook' });

describe('records of a sync', () => {
  it('have their id and references as text, and a version on Zendesk\'s clock', () => {
    expect(records('ticket_skips', { id: 8, reason: 'lunch', updated_at: '2026-11-20T00:00:00Z' })[0]).toMatchObject({ version: Date.parse('2026-11-20T00:00:00Z') });
    // Newer than its deletion, should it have been thought deleted.
    expect(records('groups', { id: 7, name: 'Support', updated_at: '2026-11-20T00:00:00Z', deleted: false })).toEqual([
      { collection: 'groups', kind: 'object', id: '7', version: OBSERVED, data: { id: '7', name: 'Support', updated_at: '2026-11-20T00:00:00Z', deleted: false } },
    ]);
    expect(records('group_memberships', { id: 1, user_id: 2, group_id: 3 })[0]).toMatchObject({ version: OBSERVED, data: { user_id: '2', group_id: '3' } });
    expect(records('users', { id: 5, url: 'https://acme.zendesk.com/api/v2/users/5.json', active: true, organization_id: null, updated_at: '2026-11-20T00:00:00Z' })[0]).toMatchObject({ version: Date.parse('2026-11-20T00:00:00.999Z'), data: { id: '5', url: '5', organization_id: null } });
    expect(records('tags', { name: 'vip', count: 3 })[0]).toMatchObject({ id: 'vip', version: OBSERVED, data: { id: 'vip', name: 'vip', count: 3 } });
    expect(records('ticket_fields', { id: 1, title: ' Product Line ' })[0]?.data).toMatchObject({ slug: 'Product_Line' });
  });

  it('say what was deleted', () => {
    expect(records('tickets', { id: 1, status: 'deleted', generated_timestamp: 1_700_000_000 })[0]).toMatchObject({ deleted: true, version: 1_700_000_000_999 });
    expect(records('users', { id: 1, active: false })[0]).toMatchObject({ deleted: true });
    expect(records('organizations', { id: 1, deleted_at: '2026-11-20T00:00:00Z' })[0]).toMatchObject({ deleted: true });
    expect(records('organizations', { id: 1, deleted_at: null })[0]).not.toHaveProperty('deleted');
  });

  it('bring a ticket\'s metrics as a record of their own', () => {
    const [ticket, metrics] = records('tickets', { id: 1, status: 'open', generated_timestamp: 1_700_000_000, metric_set: { id: 9, reopens: 2, reply_time_in_minutes: { calendar: 5, business: null } } });
    expect(ticket?.data).not.toHaveProperty('metric_set');
    expect(metrics).toMatchObject({ collection: 'ticket_metrics', id: '1', version: 1_700_000_000_999, data: { id: '1', ticket_id: '1', metric_set_id: '9', reopens: 2, reply_time_in_minutes: { calendar: 5, business: null } } });
  });

  it('take a ticket\'s metrics away with it, though its last row holds none', () => {
    expect(records('tickets', { id: 1, status: 'deleted', generated_timestamp: 1_700_000_000, metric_set: null })[1]).toEqual({
      collection: 'ticket_metrics', kind: 'object', id: '1', version: 1_700_000_000_999, deleted: true, data: { id: '1', ticket_id: '1' },
    });
    expect(records('tickets', { id: 1, status: 'closed', generated_timestamp: 1_700_000_000, metric_set: null })).toHaveLength(1);
  });

  it('without an id are failures, without a value of theirs', () => {
    expect(normalize({ name: 'x' }, meta('groups'))).toEqual([{ failure: { reason: 'record_without_id', message: 'A record of groups has no id.' } }]);
  });
});

describe('rows of the ticket event export', () => {
  const row = {
    id: 100, ticket_id: 1, timestamp: 1_700_000_000, created_at: '2023-11-14T22:13:20Z', updater_id: 5, via: 'Web form', event_type: 'Audit',
    system: { client: 'Firefox', location: 'Berlin', latitude: 52.5, longitude: 13.4, ip_address: '192.0.2.1' },
    child_events: [
      { id: 101, event_type: 'Change', status: 'solved', previous_value: 'open', via: 'Rule' },
      { id: 102, event_type: 'Comment', type: 'Comment', author_id: 5, body: 'Done', html_body: '<p>Done</p>', public: false, attachments: [{ id: 103, file_name: 'a.txt', size: 3 }] },
    ],
  };

  it('are one event for each child, in Segment\'s columns', () => {
    const [change, comment, ...more] = records('ticket_events', row).filter(({ collection }) => collection === 'ticket_events');
    expect(more).toEqual([]);
    expect(change).toEqual({
      collection: 'ticket_events', kind: 'event', id: '101', version: 0, event: 'change', eventText: 'Change', timestamp: '2023-11-14T22:13:20.000Z',
      data: {
        id: '101', ticket_event_id: '100', ticket_id: '1', timestamp: '2023-11-14T22:13:20.000Z', created_at: '2023-11-14T22:13:20.000Z', updater_id: '5', event_type: 'Change', via: 'Rule', ticket_event_via: 'Web form',
        context_client: 'Firefox', context_location: 'Berlin', context_latitude: 52.5, context_longitude: 13.4, context_ip_address: '192.0.2.1', status: 'solved', previous_value: 'open',
      },
    });
    const { child_events: _, ...rest } = row;
    const [short] = records('ticket_events', { ...rest, child_events: [{ id: 102, event_type: 'Comment', comment_present: true, comment_public: false }] });
    expect(comment).toEqual(short);
    expect(records('ticket_events', { ...rest, child_events: [{ id: 1, event_type: 'AgentMacroReference' }] })[0]).toMatchObject({ event: 'agent_macro_reference', eventText: 'AgentMacroReference' });
    expect(records('ticket_events', { ...rest, child_events: [] })).toMatchObject([{ id: '100', event: 'audit' }]);
  });

  it('hold comments and their files', () => {
    expect(records('ticket_events', row).slice(2)).toMatchObject([
      { collection: 'ticket_comments', kind: 'object', id: '102', version: 1_700_000_000_999, data: { ticket_id: '1', ticket_event_id: '100', author_id: '5', body: 'Done', public: false, type: 'Comment' } },
      { collection: 'attachments', kind: 'object', id: '103', data: { file_name: 'a.txt', size: 3, ticket_id: '1', comment_id: '102' } },
    ]);
    expect(records('ticket_events', row, { selected: ['attachments'] }).map(({ collection }) => collection)).toEqual(['attachments']);
  });
});

describe('webhooks', () => {
  const user = { id: '5', email: 'ada@example.com', external_id: '', default_group_id: '0', organization_id: '12', role: 'agent', created_at: '2026-11-01T00:00:00Z', updated_at: '2026-11-22T08:00:00Z' };
  const event = (name: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
    type: `zen:event-type:${name}`, account_id: 1, id: 'e-1', time: '2026-11-22T08:00:00.250Z', zendesk_event_version: '2022-06-20', subject: 'zen:user:5', detail: user, event: {}, ...more,
  });

  it('are an event, and the object as far as it is told', () => {
    const [told, object] = webhook(event('user.name_changed', { event: { current: 'Ada', previous: 'A' } }));
    expect(told).toMatchObject({ collection: 'webhook_events', id: 'e-1', event: 'user_name_changed', eventText: 'user.name_changed', timestamp: '2026-11-22T08:00:00.250Z', data: { object_type: 'user', object_id: '5', change: { current: 'Ada' } } });
    expect(object).toEqual({
      collection: 'users', kind: 'object', id: '5', version: Date.parse('2026-11-22T08:00:00.250Z'),
      data: { id: '5', url: '5', email: 'ada@example.com', external_id: null, default_group_id: null, organization_id: '12', role: 'agent', created_at: user.created_at, updated_at: user.updated_at, name: 'Ada' },
    });
  });

  it('lose against the export\'s row of the same second, and win against an older one', () => {
    const version = (updated: string): number => records('users', { id: 5, updated_at: updated })[0]?.version ?? 0;
    const told = webhook(event('user.created'))[1]?.version ?? 0;
    expect(version('2026-11-22T08:00:00Z')).toBeGreaterThan(told);
    expect(version('2026-11-22T07:59:59Z')).toBeLessThan(told);
    expect(webhook(event('user.created', { time: '2026-11-22T08:00:04.900Z' }))[1]?.version).toBe(Date.parse(user.updated_at));
  });

  it('delete', () => {
    expect(webhook(event('user.deleted', { time: '2026-11-22T09:00:00Z' }))[1]).toMatchObject({ collection: 'users', id: '5', deleted: true, version: Date.parse('2026-11-22T09:00:00Z') });
    expect(webhook(event('user.active_changed', { event: { current: false, previous: true } }))[1]).toMatchObject({ deleted: true, data: { active: false } });
  });

  it('delete a ticket with its metrics', () => {
    const gone = webhook(event('ticket.soft_deleted', { subject: 'zen:ticket:35', detail: { id: '35', status: 'OPEN' } }));
    expect(gone.slice(1)).toMatchObject(['tickets', 'ticket_metrics'].map((collection) => ({ collection, id: '35', deleted: true, version: Date.parse('2026-11-22T08:00:00.250Z') })));
  });

  it('of tickets speak as the API does', () => {
    const detail = { id: '35', status: 'OPEN', priority: 'HIGH', type: null, form_id: '8', actor_id: '5', external_id: '', tags: ['a'], via: { channel: 'web' }, custom_status: '1', updated_at: '2026-11-22T08:00:00Z' };
    expect(webhook(event('ticket.status_changed', { subject: 'zen:ticket:35', detail, event: { current: 'OPEN', previous: 'NEW' } }))[1]?.data)
      .toEqual({ id: '35', status: 'open', priority: 'high', type: null, ticket_form_id: '8', external_id: null, tags: ['a'], updated_at: '2026-11-22T08:00:00Z' });
    expect(webhook(event('article.published', { subject: 'zen:article:1', detail: { id: '1' } }))).toHaveLength(1);
  });

  it('of triggers are events too, told apart by their delivery', () => {
    expect(webhook({ id: 35, status: 'open' })).toEqual([{
      collection: 'webhook_events', kind: 'event', id: 'raw-1', version: 0, event: 'trigger_fired', eventText: 'trigger fired', timestamp: '2026-11-22T10:00:01.000Z',
      data: { id: 'raw-1', type: 'trigger', time: '2026-11-22T10:00:01.000Z', body: { id: 35, status: 'open' } },
    }]);
    expect(normalize({ type: 'zen:event-type:user.created', id: 'e' }, meta('webhook_events', { component: 'webhook' }))).toMatchObject([{ failure: { reason: 'event_without_time' } }]);
  });
});
