import type { SeededRandom } from '../stripe-simulator/random.js';
import type { ZendeskAccount } from './account.js';
import { create, remove, update } from './operations.js';
import { touchTicket } from './tickets.js';

export interface ZendeskSeedOptions {
  /** Default 60. */
  readonly tickets?: number;
  /** The story begins so many days before now; default 30. */
  readonly days?: number;
}

const TAGS = ['billing', 'bug', 'how_to', 'vip', 'refund', 'login'];
const STATUSES = ['open', 'pending', 'solved', 'closed'];

/** A small help desk with rows in every collection; its story ends an hour before now. */
export function seedAccount(account: ZendeskAccount, random: SeededRandom, { tickets = 60, days = 30 }: ZendeskSeedOptions): void {
  const end = account.now() - 3_600;
  const start = end - days * 86_400;
  const moment = (share: number): number => Math.floor(start + (end - start) * share);
  account.at(start, () => {
    const agents = ['Ada', 'Ben', 'Cleo'].map((name, index) => create(account, 'users', { name, email: `${name.toLowerCase()}@desk.example.com`, role: index === 0 ? 'admin' : 'agent' }).id);
    const groups = ['Support', 'Billing'].map((name) => create(account, 'groups', { name, description: '', default: name === 'Support', deleted: false, is_public: true }).id);
    for (const user_id of agents) create(account, 'group_memberships', { user_id, group_id: random.pick(groups), default: true });
    const brand = create(account, 'brands', { name: 'Acme', brand_url: account.url, subdomain: account.subdomain, active: true, default: true, is_deleted: false, has_help_center: false, ticket_form_ids: [] }).id;
    const fields = ['Subject', 'Description', 'Status', 'Product Line'].map((title) => create(account, 'ticket_fields', {
      type: title === 'Product Line' ? 'text' : title.toLowerCase(), title, raw_title: title, description: '', raw_description: '', position: 1, active: true, required: false, collapsed_for_agents: false,
      regexp_for_validation: null, title_in_portal: title, raw_title_in_portal: title, visible_in_portal: true, editable_in_portal: true, required_in_portal: false, tag: null, removable: title === 'Product Line',
    }).id);
    create(account, 'ticket_forms', { name: 'Default', raw_name: 'Default', display_name: 'Default', raw_display_name: 'Default', active: true, default: true, end_user_visible: true, in_all_brands: true, position: 1, restricted_brand_ids: [brand], ticket_field_ids: fields });
    for (const title of ['Close and thank', 'Ask for details']) create(account, 'macros', { title, raw_title: title, active: true, default: false, position: 1, description: null, restriction: null, actions: [{ field: 'status', value: 'solved' }] });
    create(account, 'sla_policies', { title: 'Urgent', description: 'First reply in an hour', position: 1, filter: { all: [], any: [] }, policy_metrics: [{ priority: 'urgent', metric: 'first_reply_time', target: 60, business_hours: false }] });
    create(account, 'audit_logs', { actor_id: agents[0], actor_name: 'Ada', source_id: brand, source_type: 'brand', source_label: 'Brand: Acme', action: 'create', action_label: 'Created', change_description: '', ip_address: '192.0.2.7' });
  });
  for (let index = 0; index < tickets; index++) account.at(moment(index / Math.max(1, tickets)), () => { newTicket(account, random, index); });
  account.at(end - 1, () => { for (let index = 0; index < tickets >> 1; index++) step(account, random); });
}

function newTicket(account: ZendeskAccount, random: SeededRandom, index: number): void {
  const agents = account.all('users').filter(({ role }) => role !== 'end-user').map(({ id }) => id);
  const organization = index % 5 === 0 || account.all('organizations').length === 0 ? create(account, 'organizations', { name: `Customer ${random.text(6)}`, domain_names: ['customer.example.com'] }).id : random.pick(account.all('organizations')).id;
  const user = create(account, 'users', { name: `Person ${random.text(6)}`, email: `${random.text(8).toLowerCase()}@customer.example.com`, organization_id: organization });
  create(account, 'organization_memberships', { user_id: user.id, organization_id: organization, default: true, organization_name: account.get('organizations', organization)?.['name'], view_tickets: true });
  const assignee = random.pick(agents);
  const ticket = create(account, 'tickets', {
    subject: `Question ${random.text(5)}`, requester_id: user.id, organization_id: organization, assignee_id: assignee, group_id: random.pick(account.all('groups')).id, priority: random.pick(['low', 'normal', 'high', 'urgent']),
    type: random.pick(['question', 'incident', 'problem', 'task']), tags: [random.pick(TAGS)], brand_id: account.all('brands')[0]?.id ?? null, ticket_form_id: account.all('ticket_forms')[0]?.id ?? null,
    comment: { body: `It does not work ${random.text(5)}`, author_id: user.id, ...(index % 4 === 0 && { attachments: [{ file_name: 'log.txt' }] }) },
  });
  if (index % 6 === 0) create(account, 'ticket_skips', { ticket_id: ticket.id, user_id: assignee, reason: 'busy' });
  if (index % 7 === 0) create(account, 'satisfaction_ratings', { ticket_id: ticket.id, score: 'good', requester_id: user.id, assignee_id: assignee, group_id: ticket['group_id'], comment: null, reason: null });
  if (index % 3 === 0) create(account, 'activities', { title: `${String(user['name'])} assigned you ticket #${ticket.id}`, verb: 'tickets.assignment', user_id: assignee, actor_id: user.id, object: { ticket: { id: ticket.id } }, target: { ticket: { id: ticket.id } } });
}

/** One change of a help desk's day. */
export function step(account: ZendeskAccount, random: SeededRandom): void {
  const open = account.all('tickets').filter(({ status }) => status !== 'deleted');
  const ticket = open.length === 0 ? undefined : random.pick(open);
  if (ticket === undefined || random.chance(0.2)) return newTicket(account, random, random.between(0, 1_000));
  if (random.chance(0.05)) return remove(account, 'tickets', ticket.id);
  if (random.chance(0.1)) return touchTicket(account, ticket.id, { satisfaction_rating: { score: 'offered' } });
  if (random.chance(0.1)) {
    const user = random.pick(account.all('users').filter(({ active }) => active === true));
    if (user['role'] === 'end-user' && random.chance(0.2)) return remove(account, 'users', user.id);
    return void update(account, 'users', user.id, { name: `Person ${random.text(6)}` });
  }
  if (random.chance(0.1)) {
    const organization = random.pick(account.all('organizations').filter(({ deleted_at: gone }) => gone === null));
    return void update(account, 'organizations', organization.id, { notes: random.text(12) });
  }
  update(account, 'tickets', ticket.id, { status: random.pick(STATUSES), ...(random.chance(0.5) && { comment: { body: `Answer ${random.text(8)}`, public: random.chance(0.8) } }) });
}

/** Tickets of one user each, spread evenly from a year to a month before now, with a comment and nothing else. */
export function addTickets(account: ZendeskAccount, count: number): void {
  const now = account.now();
  const requester = account.all('users')[0]?.id ?? create(account, 'users', { name: 'Bulk', email: 'bulk@customer.example.com' }).id;
  for (let index = 0; index < count; index++) {
    account.at(Math.floor(now - 365 * 86_400 + (335 * 86_400 * index) / count), () => create(account, 'tickets', { subject: `Ticket ${index}`, requester_id: requester, description: `Bulk ticket ${index}`, tags: ['bulk'] }));
  }
}
