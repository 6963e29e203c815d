import { isoSeconds, type ZendeskAccount, type ZendeskObject } from './account.js';
import { rulesOf, type ResourceName } from './resources.js';
import { createTicket, deleteTicket, updateTicket } from './tickets.js';
import { recordInvalid, recordNotFound } from './zendesk-error.js';

type Fields = Readonly<Record<string, unknown>>;

const USER = {
  email: null, time_zone: 'Berlin', phone: null, shared_phone_number: null, locale_id: 1, locale: 'en-US', organization_id: null, role: 'end-user', verified: true, external_id: null, tags: [], alias: '',
  active: true, shared: false, shared_agent: false, last_login_at: null, two_factor_auth_enabled: null, signature: null, details: '', notes: '', custom_role_id: null, moderator: false,
  ticket_restriction: 'requested', only_private_comments: false, restricted_agent: true, suspended: false, default_group_id: null, report_csv: false, user_fields: {},
};
const ORGANIZATION = { external_id: null, shared_tickets: false, shared_comments: false, domain_names: [], details: '', notes: '', group_id: null, tags: [], organization_fields: {}, deleted_at: null };

/** @throws ZendeskApiError 422 */
export function create(account: ZendeskAccount, resource: ResourceName, fields: Fields): ZendeskObject {
  if (resource === 'tickets') return createTicket(account, fields);
  if ((resource === 'users' || resource === 'organizations') && typeof fields['name'] !== 'string') throw recordInvalid({ name: 'Name: is too short (minimum one character)' });
  const object = account.put(resource, account.newObject(resource, { ...(resource === 'users' && USER), ...(resource === 'organizations' && ORGANIZATION), ...fields }));
  if (resource === 'users' && typeof object['email'] === 'string') {
    const now = isoSeconds(account.now());
    account.identities.set(object.id, [{ id: account.nextId(), user_id: object.id, type: 'email', value: object['email'], verified: true, primary: true, created_at: now, updated_at: now }]);
  }
  account.tell({ resource, type: `${rulesOf(resource).one}.created`, object, event: {} });
  return object;
}

/** @throws ZendeskApiError 404 */
export function update(account: ZendeskAccount, resource: ResourceName, id: number, fields: Fields): ZendeskObject {
  if (resource === 'tickets') return updateTicket(account, id, fields);
  const before = account.get(resource, id);
  if (before === undefined || isGone(resource, before)) throw recordNotFound();
  const object = account.put(resource, { ...before, ...fields, id, updated_at: isoSeconds(account.now()) });
  for (const name of Object.keys(fields)) {
    if (JSON.stringify(fields[name]) === JSON.stringify(before[name])) continue;
    account.tell({ resource, type: `${rulesOf(resource).one}.${name.replace(/_id$/, '')}_changed`, object, event: { current: fields[name], previous: before[name] ?? null } });
  }
  return object;
}

/** Users, organizations and tickets stay in the exports, marked as deleted; everything else is gone. @throws ZendeskApiError 404 */
export function remove(account: ZendeskAccount, resource: ResourceName, id: number): void {
  if (resource === 'tickets') return deleteTicket(account, id);
  const before = account.get(resource, id);
  if (before === undefined || isGone(resource, before)) throw recordNotFound();
  const now = isoSeconds(account.now());
  if (resource === 'users') account.put(resource, { ...before, active: false, updated_at: now });
  else if (resource === 'organizations') account.put(resource, { ...before, deleted_at: now, updated_at: now });
  else account.drop(resource, id);
  account.tell({ resource, type: `${rulesOf(resource).one}.deleted`, object: before, event: {} });
}

/** Deleted, but still in an export. */
export const isGone = (resource: ResourceName, object: ZendeskObject): boolean =>
  (resource === 'tickets' && object['status'] === 'deleted') || (resource === 'users' && object['active'] === false) || (resource === 'organizations' && object['deleted_at'] !== null);
