import { ConfigurationInvalidError } from '#contracts';
import { defineConnector, type Credentials } from '#connector-kit';
import { check } from './check.js';
import { EXPORTS, LISTS } from './collections/collections.js';
import { exportReader } from './collections/export-reader.js';
import { listReader } from './collections/list-reader.js';
import { declaration } from './declaration.js';
import { mapError } from './map-error.js';
import { quota } from './quota.js';
import { normalize } from './normalize/normalize.js';
import { webhook } from './webhook.js';

/** Undefined for a field that was left empty. */
const given = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

/** @throws ConfigurationInvalidError when the subdomain isn't a bare name. */
function baseUrl({ baseUrl: entered, subdomain }: Credentials): string {
  if (given(entered) !== undefined) return String(entered).replace(/\/+$/, '');
  // The host is made of it: nothing but a name may get there.
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(subdomain ?? '')) {
    throw new ConfigurationInvalidError('The subdomain is not the bare name of a Zendesk account.', { remedy: 'Enter the first part of the Zendesk address only: acme for acme.zendesk.com.' });
  }
  return `https://${subdomain}.zendesk.com`;
}

export const connector = defineConnector({
  declaration,
  // Refresh tokens of global clients live 30 days and work once (Zendesk's developer documentation, OAuth token expiration).
  oauth: {
    authorizeUrl: (configuration) => `${baseUrl(configuration)}/oauth/authorizations/new`,
    tokenUrl: (configuration) => `${baseUrl(configuration)}/oauth/tokens`,
    hosts: ['zendesk.com'], scopes: ['read'], refreshTokenMs: 30 * 86_400_000,
  },
  authenticate(credentials) {
    const accessToken = given(credentials['accessToken']);
    if (accessToken !== undefined) return { authorization: `Bearer ${accessToken}` };
    const [email, apiToken] = [given(credentials['email']), given(credentials['apiToken'])];
    if (email === undefined || apiToken === undefined) {
      throw new ConfigurationInvalidError('The source has no credentials for Zendesk.', { remedy: 'Connect it by OAuth, or enter an email address and its API token.' });
    }
    return { authorization: `Basic ${Buffer.from(`${email}/token:${apiToken}`).toString('base64')}` };
  },
  baseUrl,
  mapError,
  quota,
  check,
  readers: {
    ...Object.fromEntries(EXPORTS.map((collection) => [collection.name, exportReader(collection)])),
    ...Object.fromEntries(LISTS.map((collection) => [collection.name, listReader(collection)])),
  },
  normalize,
  webhook,
});
