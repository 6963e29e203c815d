import { PermissionDeniedError } from '#contracts';
import { checkAccess, parentsOf, type CheckResult, type CollectionAccess, type Connector } from '#connector-kit';
import { EVENT_COLLECTIONS, OTHER_EVENTS } from './collections/events.js';
import { RESOURCES, isRead, type Resource } from './collections/resources.js';
import { fetchOne } from './collections/list.js';
import { declaration } from './declaration.js';
import { at } from './normalize/values.js';

type Context = Parameters<Connector['check']>[0];

/** Who the key belongs to; a restricted key may not be allowed to say, but Stripe's refusal names the account. */
async function accountOf({ http, credentials }: Context): Promise<Pick<CheckResult, 'account' | 'accountId'>> {
  const configured = credentials.accountId ?? '';
  try {
    const { record: account } = await fetchOne(http, { path: '/v1/account', endpoint: '/v1/account', collection: 'accounts', query: {} });
    const names = [at(account, 'settings', 'dashboard', 'display_name'), at(account, 'business_profile', 'name'), at(account, 'email')];
    const name = names.find((one) => typeof one === 'string' && one !== '');
    const accountId = String(at(account, 'id'));
    return { accountId, account: `${accountId}${typeof name === 'string' ? ` (${name})` : ''}` };
  } catch (error) {
    if (!(error instanceof PermissionDeniedError)) throw error;
    const accountId = /\bacct_[A-Za-z0-9]+/.exec(error.details ?? '')?.[0] ?? (configured === '' ? undefined : configured);
    return accountId === undefined ? { account: 'an account that this restricted key may not name' } : { account: accountId, accountId };
  }
}

/** Tries one record of each list that the collections need, all at a time. */
export async function check(context: Context, collections?: readonly string[]): Promise<CheckResult> {
  const wanted = new Set(collections ?? declaration.collections.map(({ name }) => name));
  const account = await accountOf(context);
  const resources = RESOURCES.filter((resource) => isRead(resource, wanted));
  const probes = new Map(resources.map(({ collection, path, query }): [string, { path: string; query?: Resource['query'] }] => [collection, { path, ...(query !== undefined && { query }) }]));
  if (EVENT_COLLECTIONS.some(({ collection }) => wanted.has(collection))) probes.set(OTHER_EVENTS, { path: '/v1/events' });
  const lists = await checkAccess([...probes.keys()], (collection) => {
    const { path = '', query = {} } = probes.get(collection) ?? {};
    return context.http.send({ path, collection, query: { ...query, limit: 1 } });
  });
  const access = declaration.collections.filter(({ name }) => wanted.has(name)).flatMap((collection): CollectionAccess[] => {
    // A part is as readable as the best of those that it comes in; an event collection as all events.
    const parents = parentsOf(collection);
    const found = lists.filter((list) => (parents.length === 0 ? [collection.name] : parents).includes(list.collection));
    const best = found.find(({ readable }) => readable) ?? found[0];
    return best === undefined ? [] : [{ ...best, collection: collection.name }];
  });
  return { ...account, access };
}
