import { AuthenticationFailedError, PartnerContractError, PermissionDeniedError, type ErrorReport } from '#contracts';
import { checkAccess, parentsOf, type CheckResult, type CollectionAccess, type Connector } from '#connector-kit';
import { EXPORTS, LISTS, WEBHOOK_EVENTS } from './collections/collections.js';
import { EXPORT_ENDPOINT, exportPath } from './collections/export-reader.js';
import { fetchPage } from './collections/list-reader.js';
import { declaration } from './declaration.js';
import { at } from './normalize/values.js';

type Context = Parameters<Connector['check']>[0];

/** Old enough for every export. */
const PROBE_AGE_S = 600;

interface Identity {
  readonly account: string;
  /** A start time that the exports take, in epoch seconds. */
  readonly start: number;
  readonly error?: ErrorReport;
}

async function whoAmI({ http, credentials }: Context): Promise<Identity> {
  const desk = credentials['subdomain'] ?? '';
  try {
    const response = await http.send({ path: '/api/v2/users/me.json', collection: 'users' });
    const user = at(response.json(), 'user');
    const role = at(user, 'role');
    if (typeof role !== 'string') throw new PartnerContractError(`Zendesk's answer to ${response.request} is not a user.`);
    // Without credentials Zendesk doesn't refuse, but says that nobody asks.
    if (at(user, 'id') === null) throw new AuthenticationFailedError('Access denied: Zendesk does not know who is asking.', { remedy: 'Connect the source to Zendesk again; nothing is called until you do.' });
    return { account: `${desk} (${String(at(user, 'name'))}, ${role})`, start: Math.floor(response.observedAt / 1_000) - PROBE_AGE_S };
  } catch (thrown) {
    if (!(thrown instanceof PermissionDeniedError)) throw thrown;
    return { account: desk === '' ? 'an account that these credentials may not name' : desk, start: 1, error: thrown.report() };
  }
}

/** Says who asks, and tries each export and list with one row. */
export async function check(context: Context, collections?: readonly string[]): Promise<CheckResult> {
  const wanted = new Set(collections ?? declaration.collections.map(({ name }) => name));
  const me = await whoAmI(context);
  const { http } = context;
  const exports = EXPORTS.filter(({ name, parts }) => wanted.has(name) || parts.some((part) => wanted.has(part.name)));
  const probes = new Map<string, () => Promise<unknown>>([
    ...exports.map((one) => [one.name, () => http.send({ path: exportPath(one), endpoint: EXPORT_ENDPOINT, collection: one.name, query: { start_time: me.start, per_page: 1 } })] as const),
    ...LISTS.filter(({ name }) => wanted.has(name)).map((one) => [one.name, () => fetchPage(http, one, { from: me.start, until: me.start + PROBE_AGE_S, after: '' }, 1, false)] as const),
  ]);
  const found = await checkAccess([...probes.keys()], (name) => probes.get(name)?.() ?? Promise.resolve());
  const access = declaration.collections.filter(({ name }) => wanted.has(name)).flatMap((collection): CollectionAccess[] => {
    const { name } = collection;
    // Nothing is called for webhooks.
    if (name === WEBHOOK_EVENTS) return [{ collection: name, readable: me.error === undefined, ...(me.error !== undefined && { error: me.error }) }];
    const source = parentsOf(collection)[0] ?? name;
    return found.filter((one) => one.collection === source).map((one) => ({ ...one, collection: name }));
  });
  const accountId = context.credentials['subdomain'] ?? '';
  return { account: me.account, ...(accountId !== '' && { accountId }), access };
}
