import type { ZendeskAccount } from './account.js';
import type { CredentialStore, Identity } from './credentials.js';
import { exportNamed, type Exports } from './exports.js';
import { listAnswer } from './lists.js';
import type { OAuthServer } from './oauth.js';
import { create, isGone, remove, update } from './operations.js';
import { resourceAt, rulesOf, type ResourceName } from './resources.js';
import { forbiddenRole, invalidEndpoint, notAuthenticated, recordNotFound, recordInvalid } from './zendesk-error.js';

export interface Route {
  /** Path with ids written as `:id` and without `.json`. */
  readonly endpoint: string;
  readonly limit: 'incremental' | 'account';
}

/** @param path without the query */
export function routeOf(path: string): Route {
  const plain = path.replace(/\.json$/, '').replace(/\/$/, '');
  return { endpoint: plain.replace(/\/\d+(?=\/|$)/g, '/:id'), limit: plain.startsWith('/api/v2/incremental/') ? 'incremental' : 'account' };
}

export interface Desk {
  readonly account: ZendeskAccount;
  readonly credentials: CredentialStore;
  readonly exports: Exports;
  readonly oauth: OAuthServer;
  /** Whether the plan has forms and audit logs. */
  readonly enterprise: boolean;
}

interface Answer { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
const ok = (body: unknown): Answer => ({ status: 200, body });

/** @throws ZendeskApiError */
export function answer(desk: Desk, method: string, url: URL, body: string, identity: Identity | undefined): Answer {
  const path = url.pathname.replace(/\.json$/, '').replace(/\/$/, '');
  if (path === '/oauth/tokens' && method === 'POST') return ok(desk.oauth.token(body));
  if (path === '/oauth/authorizations/new' && method === 'GET') return { status: 302, body: undefined, headers: { location: desk.oauth.authorize(url.searchParams) } };
  if (!path.startsWith('/api/v2/')) throw invalidEndpoint();
  const below = path.slice('/api/v2/'.length);
  // The one thing that also answers somebody unknown.
  if (below === 'users/me' && method === 'GET') return ok({ user: whoAmI(desk.account, identity) });
  if (identity === undefined) throw notAuthenticated();
  const [head, name, kind] = below.split('/');
  if (head === 'incremental') {
    const exported = exportNamed(name);
    if (exported === undefined || method !== 'GET' || (kind !== undefined && kind !== 'cursor')) throw invalidEndpoint();
    desk.credentials.authorize(identity, 'admin', ['read', `${exported === 'ticket_events' ? 'tickets' : exported}:read`]);
    return ok(kind === 'cursor' ? desk.exports.byCursor(exported, url.searchParams) : desk.exports.byTime(exported, url.searchParams));
  }
  const found = resourceAt(below);
  if (found === undefined) throw invalidEndpoint();
  return onResource(desk, method, found.name, found.rest, url.searchParams, body, identity);
}

function onResource(desk: Desk, method: string, name: ResourceName, rest: readonly string[], query: URLSearchParams, body: string, identity: Identity): Answer {
  const { account, credentials } = desk;
  const { one, role, scope, enterprise } = rulesOf(name);
  const access = method === 'GET' ? 'read' : 'write';
  credentials.authorize(identity, role, [access, ...(scope === undefined ? [] : [scope.replace(/read$/, access)])]);
  if (enterprise === true && !desk.enterprise) throw forbiddenRole();
  const [text, more] = rest;
  if (more !== undefined || (text !== undefined && !/^\d+$/.test(text))) throw invalidEndpoint();
  const id = text === undefined ? undefined : Number(text);
  if (method === 'GET' && id === undefined) return ok(listAnswer(account, name, query));
  if (method === 'GET' && id !== undefined) {
    const object = account.get(name, id);
    if (object === undefined || (name === 'tickets' && isGone(name, object))) throw recordNotFound();
    const { generated_timestamp: _, ...shown } = object;
    return ok({ [one]: shown });
  }
  if (method === 'POST' && id === undefined) return { status: 201, body: { [one]: create(account, name, fieldsOf(body, one)) } };
  if (method === 'PUT' && id !== undefined) return ok({ [one]: update(account, name, id, fieldsOf(body, one)) });
  if (method === 'DELETE' && id !== undefined) {
    remove(account, name, id);
    return { status: 204, body: undefined };
  }
  throw invalidEndpoint();
}

function fieldsOf(body: string, one: string): Readonly<Record<string, unknown>> {
  try {
    const fields = (JSON.parse(body) as Record<string, unknown>)[one];
    if (typeof fields === 'object' && fields !== null) return fields as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw recordInvalid({ base: `The body has no ${one}` });
}

function whoAmI(account: ZendeskAccount, identity: Identity | undefined): Record<string, unknown> {
  if (identity === undefined) return { id: null, name: 'Anonymous user', email: 'invalid@example.com', role: 'end-user', url: null, active: true };
  const user = account.all('users').find(({ email }) => email === identity.email);
  return { ...user, id: user?.id ?? 1, name: user?.['name'] ?? identity.email, email: identity.email, role: identity.role };
}
