import type { NormalizeFailure, NormalizedRecord } from '#connector-kit';
import { at, idText, instant, isObject, snakeCase, withTextIds, type Json } from './values.js';

type Result = NormalizedRecord | NormalizeFailure;

/** What a comment says is in `ticket_comments` and `attachments`, whether or not it was asked for; the event is the same then. */
const OF_COMMENTS = ['body', 'html_body', 'plain_body', 'attachments', 'public', 'audit_id', 'data', 'formatted_from', 'formatted_to'];
/** There only when comments are asked for; the row's own say the same. */
const DROPPED = new Set([...OF_COMMENTS, 'created_at', 'author_id', 'type', 'comment_present', 'comment_public']);

/** A row of the ticket event export: one event for each child, and its comments with their files. */
export function fromTicketEvent(row: Json): readonly Result[] {
  const id = idText(row['id']);
  if (id === undefined) return [failure('record_without_id', 'A ticket event has no id.')];
  const seconds = Number(String(row['timestamp']));
  const at = instant(row['created_at']) ?? (Number.isSafeInteger(seconds) ? seconds * 1_000 : undefined);
  if (at === undefined) return [failure('event_without_time', 'A ticket event has no time.')];
  const children = Array.isArray(row['child_events']) ? row['child_events'].filter(isObject) : [];
  if (children.length === 0) return [toEvent(row, id, at, { event_type: row['event_type'] }, id)];
  return children.flatMap((child, index): Result[] => {
    const childId = idText(child['id']) ?? `${id}-${index}`;
    return [toEvent(row, id, at, child, childId), ...fromComment(row, id, at, child, childId)];
  });
}

function toEvent(row: Json, rowId: string, time: number, child: Json, id: string): NormalizedRecord {
  const type = typeof child['event_type'] === 'string' && snakeCase(child['event_type']) !== '' ? child['event_type'] : 'Change';
  const timestamp = new Date(time).toISOString();
  const isComment = type === 'Comment' || type === 'VoiceComment';
  const changed = isComment ? Object.fromEntries(Object.entries(child).filter(([name]) => !DROPPED.has(name))) : child;
  return {
    collection: 'ticket_events', kind: 'event', id, version: 0, event: snakeCase(type), eventText: type, timestamp,
    data: withTextIds({
      ...changed, id, ticket_event_id: rowId, ticket_id: row['ticket_id'] ?? null, timestamp, created_at: timestamp, updater_id: row['updater_id'] ?? null, event_type: type,
      via: child['via'] ?? row['via'] ?? null, ticket_event_via: row['via'] ?? null,
      context_client: at(row, 'system', 'client') ?? null, context_location: at(row, 'system', 'location') ?? null, context_ip_address: at(row, 'system', 'ip_address') ?? null,
      context_latitude: at(row, 'system', 'latitude') ?? null, context_longitude: at(row, 'system', 'longitude') ?? null,
      ...(isComment && { comment_present: child['comment_present'] ?? true, comment_public: child['public'] ?? child['comment_public'] ?? null }),
    }),
  };
}

/** The comment of a child, when its text was asked for. */
function fromComment(row: Json, rowId: string, time: number, child: Json, id: string): readonly Result[] {
  if (child['body'] === undefined && child['html_body'] === undefined) return [];
  const version = Math.floor(time / 1_000) * 1_000 + 999;
  const created = new Date(time).toISOString();
  const { attachments, event_type: type, via_reference_id: _, ...comment } = child;
  const files = Array.isArray(attachments) ? attachments.filter(isObject) : [];
  return [
    {
      collection: 'ticket_comments', kind: 'object', id, version,
      data: withTextIds({ created_at: created, ...comment, id, type: comment['type'] ?? type, ticket_event_id: rowId, ticket_id: row['ticket_id'] ?? null }),
    },
    ...files.map((file): Result => {
      const fileId = idText(file['id']);
      if (fileId === undefined) return failure('record_without_id', 'An attachment has no id.');
      const data = withTextIds({ created_at: created, ...file, id: fileId, ticket_id: row['ticket_id'] ?? null, comment_id: id, ticket_event_id: rowId });
      return { collection: 'attachments', kind: 'object', id: fileId, version, ...(file['deleted'] === true && { deleted: true }), data };
    }),
  ];
}

const failure = (reason: string, message: string): NormalizeFailure => ({ failure: { reason, message } });
