import { PermissionDeniedError } from '#contracts';
import { checkAccess, parsePage, type CheckContext, type CheckResult } from '#connector-kit';
import { OBJECTS } from './objects.js';
import { API } from './session.js';
import { textOf } from './values.js';

/** The org's name and id; a user without access to them still signed in to a host. */
async function accountOf({ http, credentials }: CheckContext): Promise<Pick<CheckResult, 'account' | 'accountId'>> {
  try {
    const response = await http.send({ path: `${API}/query`, collection: 'users', query: { q: 'SELECT Id, Name FROM Organization LIMIT 1' } });
    const [organization] = parsePage(response, 'records').records;
    const id = textOf(organization?.Id);
    const name = textOf(organization?.Name);
    if (id !== undefined) return { accountId: id, account: name === undefined ? id : `${id} (${name})` };
  } catch (error) {
    if (!(error instanceof PermissionDeniedError)) throw error;
  }
  return { account: URL.canParse(credentials.instanceUrl ?? '') ? new URL(credentials.instanceUrl ?? '').host : 'an org that these credentials may not name' };
}

/** Asks for one id of each object: what the profile doesn't allow, or the org doesn't have, isn't supported. */
export async function check(context: CheckContext, collections?: readonly string[]): Promise<CheckResult> {
  const account = await accountOf(context);
  const custom = (context.found ?? []).map(({ name, partnerName = name }) => ({ collection: name, object: partnerName }));
  const objects = new Map([...OBJECTS, ...custom].filter(({ collection }) => collections?.includes(collection) !== false).map(({ collection, object }) => [collection, object]));
  const access = await checkAccess([...objects.keys()], async (collection) => {
    parsePage(await context.http.send({ path: `${API}/query`, collection, query: { q: `SELECT Id FROM ${objects.get(collection) ?? ''} LIMIT 1` } }), 'records');
  });
  return { ...account, access };
}
