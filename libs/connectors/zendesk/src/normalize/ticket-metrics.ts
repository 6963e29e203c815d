import type { NormalizedRecord } from '#connector-kit';
import { withTextIds, type Json } from './values.js';

/**
 * A ticket has one set of metrics, known by the ticket's id: what tells that a ticket is gone (the export, a webhook) doesn't hold
 * the set's own id any more.
 */
export function metricsOf(ticketId: string, metrics: Json, version: number, deleted = false): NormalizedRecord {
  const data = withTextIds({ ...metrics, ...(!deleted && { metric_set_id: metrics['id'] }), id: ticketId, ticket_id: ticketId });
  return { collection: 'ticket_metrics', kind: 'object', id: ticketId, version, ...(deleted && { deleted }), data };
}
