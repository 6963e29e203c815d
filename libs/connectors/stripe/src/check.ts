import { AuthenticationFailedError, ConfigurationInvalidError, PermissionDeniedError, toErrorReport } from '#contracts';
import type { CheckResult, CollectionAccess, Connector } from '#connector-kit';
import { EVENT_COLLECTIONS } from './collections/events.js';
import { PARTS, RESOURCES, resourcesWith, type Resource } from './collections/resources.js';
import { at } from './normalize/values.js';

type Context = Parameters<Connector['check']>[0];

/** Who the key belongs to; a restricted key may not be allowed to say, but Stripe's refusal names the account. */
async function accountOf({ http, credentials }: Context): Promise<string> {
  const configured = credentials.accountId ?? '';
  try {
    const account: unknown = (await http.send({ path: '/v1/account', collection: 'accounts' })).json();
    const names = [at(account, 'settings', 'dashboard', 'display_name'), at(account, 'business_profile', 'name'), at(account, 'email')];
    const name = names.find((one) => typeof one === 'string' && one !== '');
    const id = at(account, 'id');
    return `${typeof id === 'string' ? id : configured}${typeof name === 'string' ? ` (${name})` : ''}`;
  } catch (error) {
    if (!(error instanceof PermissionDeniedError)) throw error;
    return /\bacct_[A-Za-z0-9]+/.exec(error.details ?? '')?.[0] ?? (configured === '' ? 'an account that this restricted key may not name' : configured);
  }
}

/** Tries one record of each collection's list. A refused key ends it; every other answer is that collection's own. */
export async function check(context: Context, collections?: readonly string[]): Promise<CheckResult> {
  const wanted = (name: string): boolean => collections === undefined || collections.includes(name);
  const account = await accountOf(context);
  const resources = RESOURCES.filter(({ collection }) => wanted(collection) || PARTS.some((part) => wanted(part.collection) && resourcesWith(part.collection).some((parent) => parent.collection === collection)));
  const access = new Map<string, CollectionAccess>();
  const probe = async (name: string, path: string, query: Resource['query'] = {}): Promise<void> => {
    try {
      await context.http.send({ path, collection: name, query: { ...query, limit: 1 } });
      access.set(name, { collection: name, readable: true });
    } catch (error) {
      if (error instanceof AuthenticationFailedError || error instanceof ConfigurationInvalidError || context.signal.aborted) throw error;
      access.set(name, { collection: name, readable: false, error: toErrorReport(error) });
    }
  };
  const events = EVENT_COLLECTIONS.map(({ collection }) => collection).filter(wanted);
  for (const { collection, path, query } of resources) await probe(collection, path, query);
  if (events.length > 0) await probe('events', '/v1/events');
  const result: CollectionAccess[] = resources.filter(({ collection }) => wanted(collection)).flatMap(({ collection }) => access.get(collection) ?? []);
  for (const { collection } of PARTS.filter((part) => wanted(part.collection))) {
    // A part is as readable as the best of its parents.
    const parents = resourcesWith(collection).flatMap((parent) => access.get(parent.collection) ?? []);
    const best = parents.find(({ readable }) => readable) ?? parents[0];
    if (best !== undefined) result.push({ ...best, collection });
  }
  const eventAccess = access.get('events');
  if (eventAccess !== undefined) result.push(...events.map((collection) => ({ ...eventAccess, collection })));
  return { account, access: result };
}
