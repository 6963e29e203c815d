/** Words for the catalog, and what the credentials must be allowed to. */
interface Described {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** In Zendesk's words: the OAuth scope, and the role that may list it. */
  readonly permission: string;
  /** Only when a person asks for it. */
  readonly onRequest?: true;
}

/** A collection that is read by an incremental export. */
export interface ExportCollection extends Described {
  /** `cursor`: tickets and users. `time`: all others. */
  readonly by: 'cursor' | 'time';
  readonly parts: readonly PartCollection[];
  /** Records that all others refer to, however old: the sync start date doesn't apply to them. */
  readonly directory?: true;
}

/** A collection whose records come inside another one's, when they are asked for. */
export interface PartCollection extends Described {
  readonly include: string;
}

/** A collection that is read by a plain list. */
export interface ListCollection extends Described {
  /** Below /api/v2/. */
  readonly path: string;
  readonly recordsAt: string;
  readonly paging: 'cursor' | 'numbered';
  /** Filter by time; absent: the whole list is read in every run. */
  readonly since?: (fromSeconds: number, untilSeconds: number) => Readonly<Record<string, string | number | readonly string[]>>;
  /** See `CollectionDeclaration`: the list holds all that there is, and what is deleted leaves it without a word. */
  readonly deletedWhenAbsent?: true;
}

const ADMIN = 'Administrator';
const iso = (seconds: number): string => new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');

export const EXPORTS: readonly ExportCollection[] = [
  { name: 'users', title: 'Users', description: 'End users, agents and administrators.', permission: `users:read, ${ADMIN}`, by: 'cursor', parts: [], directory: true },
  { name: 'organizations', title: 'Organizations', description: 'The organizations that users belong to.', permission: `organizations:read, ${ADMIN}`, by: 'time', parts: [], directory: true },
  {
    name: 'tickets', title: 'Tickets', description: 'The conversations with users, by their state now.', permission: `tickets:read, ${ADMIN}`, by: 'cursor',
    parts: [{ name: 'ticket_metrics', title: 'Ticket metrics', description: 'Reply, resolution and waiting times of each ticket.', permission: `tickets:read, ${ADMIN}`, include: 'metric_sets' }],
  },
  {
    name: 'ticket_events', title: 'Ticket events', description: 'Each change of a ticket, one row for each part of it.', permission: `tickets:read, ${ADMIN}`, by: 'time',
    parts: [
      { name: 'ticket_comments', title: 'Ticket comments', description: 'The full text of each comment, public and private.', permission: `tickets:read, ${ADMIN}`, include: 'comment_events', onRequest: true },
      { name: 'attachments', title: 'Attachments', description: 'Files that came with comments: name, size and address.', permission: `tickets:read, ${ADMIN}`, include: 'comment_events' },
    ],
  },
];

const list = (name: string, title: string, description: string, permission: string, more: Partial<ListCollection> = {}): ListCollection =>
  ({ name, title, description, permission, path: name, recordsAt: name, paging: 'cursor', ...more });

const WHOLE = { deletedWhenAbsent: true } as const;

export const LISTS: readonly ListCollection[] = [
  list('groups', 'Groups', 'The groups that agents belong to and tickets are assigned to.', 'read, Agent', WHOLE),
  list('group_memberships', 'Group memberships', 'Which agent is in which group.', 'read, Agent', WHOLE),
  list('organization_memberships', 'Organization memberships', 'Which user is in which organization.', 'read, Agent', WHOLE),
  list('ticket_fields', 'Ticket fields', 'The fields of tickets, custom ones included.', 'read, Agent', WHOLE),
  list('ticket_forms', 'Ticket forms', 'Which fields a ticket shows; a feature of the Enterprise plan.', 'read, Agent', { ...WHOLE, paging: 'numbered' }),
  list('ticket_skips', 'Ticket skips', 'Tickets that an agent passed over.', 'read, Agent', { path: 'skips', recordsAt: 'skips' }),
  list('activities', 'Activities', 'What concerned the agent that is connected, of the last 30 days.', 'read, Agent', { since: (from) => ({ since: iso(from) }) }),
  list('satisfaction_ratings', 'Satisfaction ratings', 'How users rated their tickets.', `read, ${ADMIN}`, { since: (from) => ({ start_time: from }) }),
  list('audit_logs', 'Audit logs', 'Who changed what in the account\'s settings; a feature of the Enterprise plan.', `auditlogs:read, ${ADMIN}`, {
    onRequest: true, since: (from, until) => ({ 'filter[created_at][]': [iso(from), iso(until)] }),
  }),
  list('brands', 'Brands', 'The brands of the account.', 'read, Agent', WHOLE),
  list('macros', 'Macros', 'Actions that agents take with one click.', 'read, Agent', WHOLE),
  list('sla_policies', 'SLA policies', 'Which times to reply and to resolve are promised.', `read, ${ADMIN}`, { ...WHOLE, path: 'slas/policies', paging: 'numbered' }),
  // The most used ones of the last 60 days: one that leaves the list may still be in use.
  list('tags', 'Tags', 'Tags and how often they are used.', 'read, Agent'),
];

/** Lists whose deletes are found by comparing. */
export const COMPARED: ReadonlySet<string> = new Set(LISTS.filter(({ deletedWhenAbsent }) => deletedWhenAbsent).map(({ name }) => name));

export const WEBHOOK_EVENTS = 'webhook_events';
