import { isoSeconds, type TicketEvent, type ZendeskAccount, type ZendeskObject } from './account.js';
import { recordInvalid, recordNotFound } from './zendesk-error.js';

type Fields = Readonly<Record<string, unknown>>;

/** Fields whose change is an event of its own in the export and in webhooks. */
const TOLD: Readonly<Record<string, string>> = {
  status: 'status_changed', priority: 'priority_changed', type: 'type_changed', subject: 'subject_changed', assignee_id: 'agent_assignment_changed',
  group_id: 'group_assignment_changed', organization_id: 'organization_changed', requester_id: 'requester_changed', tags: 'tags_changed', external_id: 'external_id_changed',
};
/** Webhooks write these in capitals. */
const LOUD = new Set(['status', 'priority', 'type']);
const told = (name: string, value: unknown): unknown => (LOUD.has(name) && typeof value === 'string' ? value.toUpperCase() : value);

const SYSTEM = { client: 'Mozilla/5.0 (simulated)', location: 'Berlin, BE, Germany', latitude: 52.5, longitude: 13.4, ip_address: '192.0.2.7' };
const minutes = { calendar: null, business: null };

/** @throws ZendeskApiError 422 without a comment or description */
export function createTicket(account: ZendeskAccount, fields: Fields): ZendeskObject {
  const { comment, ...rest } = fields;
  const body = textOf(comment) ?? rest['description'];
  if (typeof body !== 'string' || body === '') throw recordInvalid({ base: 'Description: cannot be blank' });
  const now = account.now();
  const subject = typeof rest['subject'] === 'string' ? rest['subject'] : body.slice(0, 40);
  const ticket = account.newObject('tickets', {
    external_id: null, via: { channel: 'api', source: { from: {}, to: {}, rel: null } }, generated_timestamp: now, type: null, subject, raw_subject: subject, description: body, priority: null,
    status: 'open', recipient: null, requester_id: null, submitter_id: rest['requester_id'] ?? null, assignee_id: null, organization_id: null, group_id: null, collaborator_ids: [], follower_ids: [],
    email_cc_ids: [], forum_topic_id: null, problem_id: null, has_incidents: false, is_public: true, due_at: null, tags: [], custom_fields: [], satisfaction_rating: { score: 'unoffered' },
    sharing_agreement_ids: [], fields: [], followup_ids: [], ticket_form_id: null, brand_id: null, allow_channelback: false, ...rest,
  });
  account.put('tickets', ticket);
  const metrics = account.put('ticket_metrics', account.newObject('ticket_metrics', {
    ticket_id: ticket.id, group_stations: 1, assignee_stations: 1, reopens: 0, replies: 0, assignee_updated_at: null, requester_updated_at: isoSeconds(now), status_updated_at: isoSeconds(now),
    initially_assigned_at: null, assigned_at: null, solved_at: null, latest_comment_added_at: isoSeconds(now), reply_time_in_minutes: minutes, first_resolution_time_in_minutes: minutes,
    full_resolution_time_in_minutes: minutes, agent_wait_time_in_minutes: minutes, requester_wait_time_in_minutes: minutes, on_hold_time_in_minutes: minutes,
  }));
  account.metricIds.set(ticket.id, metrics.id);
  record(account, ticket, [
    { event_type: 'Create', subject: ticket['subject'], status: ticket['status'], requester_id: ticket['requester_id'] },
    commentEvent(account, comment ?? body, ticket['submitter_id']),
  ]);
  account.tell({ resource: 'tickets', type: 'ticket.created', object: ticket, event: {} });
  return ticket;
}

/** @throws ZendeskApiError 404 */
export function updateTicket(account: ZendeskAccount, id: number, fields: Fields): ZendeskObject {
  const before = account.get('tickets', id);
  if (before === undefined || before['status'] === 'deleted') throw recordNotFound();
  const { comment, ...rest } = fields;
  const now = account.now();
  const ticket = account.put('tickets', { ...before, ...rest, id, updated_at: isoSeconds(now), generated_timestamp: now });
  const changed = Object.keys(rest).filter((name) => JSON.stringify(rest[name]) !== JSON.stringify(before[name]));
  record(account, ticket, [
    ...changed.map((name) => ({ event_type: 'Change', [name]: rest[name], previous_value: before[name] ?? null })),
    ...(comment === undefined ? [] : [commentEvent(account, comment, ticket['assignee_id'])]),
  ]);
  const metric = metricOf(account, id);
  if (metric !== undefined) account.put('ticket_metrics', { ...metric, updated_at: isoSeconds(now), replies: Number(metric['replies']) + (comment === undefined ? 0 : 1) });
  for (const name of changed) {
    const type = TOLD[name];
    if (type !== undefined) account.tell({ resource: 'tickets', type: `ticket.${type}`, object: ticket, event: { current: told(name, rest[name]), previous: told(name, before[name] ?? null) } });
  }
  if (comment !== undefined) account.tell({ resource: 'tickets', type: 'ticket.comment_added', object: ticket, event: { comment: { body: textOf(comment), is_public: publicOf(comment) } } });
  return ticket;
}

/** It stays in the export with the status `deleted`, and is gone from everything else. @throws ZendeskApiError 404 */
export function deleteTicket(account: ZendeskAccount, id: number): void {
  const before = account.get('tickets', id);
  if (before === undefined || before['status'] === 'deleted') throw recordNotFound();
  const now = account.now();
  const ticket = account.put('tickets', { ...before, status: 'deleted', updated_at: isoSeconds(now), generated_timestamp: now });
  const metric = metricOf(account, id);
  if (metric !== undefined) account.drop('ticket_metrics', metric.id);
  record(account, ticket, [{ event_type: 'Change', status: 'deleted', previous_value: before['status'] }]);
  account.tell({ resource: 'tickets', type: 'ticket.soft_deleted', object: { ...ticket, status: before['status'] }, event: {} });
}

/** A system update: only `generated_timestamp` moves, and no event is made. @throws ZendeskApiError 404 */
export function touchTicket(account: ZendeskAccount, id: number, fields: Fields): void {
  const before = account.get('tickets', id);
  if (before === undefined) throw recordNotFound();
  account.put('tickets', { ...before, ...fields, generated_timestamp: account.now() });
}

export const metricOf = (account: ZendeskAccount, ticketId: unknown): ZendeskObject | undefined => account.get('ticket_metrics', account.metricIds.get(Number(ticketId)) ?? 0);

const textOf = (comment: unknown): string | undefined => {
  if (typeof comment === 'string') return comment;
  const { body, html_body: html } = (comment ?? {}) as Fields;
  return typeof body === 'string' ? body : typeof html === 'string' ? html : undefined;
};
const publicOf = (comment: unknown): boolean => typeof comment !== 'object' || (comment as Fields | null)?.['public'] !== false;

function commentEvent(account: ZendeskAccount, comment: unknown, author: unknown): Fields {
  const body = textOf(comment) ?? '';
  const { attachments = [], author_id: from = author } = (typeof comment === 'object' ? comment ?? {} : {}) as { attachments?: unknown[]; author_id?: unknown };
  return {
    event_type: 'Comment', type: 'Comment', author_id: from, body, html_body: `<div class="zd-comment">${body}</div>`, plain_body: body, public: publicOf(comment),
    attachments: attachments.map((one) => {
      const id = account.nextId();
      return { id, url: `${account.url}/api/v2/attachments/${id}.json`, content_url: `${account.url}/attachments/${id}`, content_type: 'text/plain', size: 12, inline: false, deleted: false, thumbnails: [], ...(one as Fields) };
    }),
  };
}

function record(account: ZendeskAccount, ticket: ZendeskObject, children: readonly Fields[]): void {
  if (children.length === 0) return;
  const now = account.now();
  const event: TicketEvent = {
    id: account.nextId(), ticket_id: ticket.id, timestamp: now, created_at: isoSeconds(now), updater_id: ticket['assignee_id'] ?? ticket['submitter_id'], via: 'Web form', system: SYSTEM,
    metadata: {}, event_type: 'Audit',
    child_events: children.map((child) => ({ id: account.nextId(), via: 'Web form', via_reference_id: null, created_at: isoSeconds(now), ...child })),
  };
  account.addTicketEvent(event);
}

/** As the export has it when comments weren't asked for. */
export function withoutComments(event: TicketEvent): TicketEvent {
  return {
    ...event,
    child_events: event.child_events.map((child) => (child['event_type'] === 'Comment'
      ? { id: child['id'], via: child['via'], via_reference_id: null, comment_present: true, comment_public: child['public'], event_type: 'Comment' } : child)),
  };
}
