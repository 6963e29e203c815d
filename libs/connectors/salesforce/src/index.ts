import { ConfigurationInvalidError } from '#contracts';
import { defineConnector, type Credentials } from '#connector-kit';
import { check } from './check.js';
import { declaration } from './declaration.js';
import { discovery } from './discovery.js';
import { grant, isClientGrant } from './grant.js';
import { mapError, shouldRetry } from './map-error.js';
import { normalize } from './normalize.js';
import { OBJECTS } from './objects.js';
import { objectReader } from './reader.js';
import { quota } from './session.js';
import { webhook } from './webhook.js';

const loginUrl = ({ loginUrl: entered }: Credentials): string => (entered === undefined || entered === '' ? 'https://login.salesforce.com' : entered.replace(/\/+$/, ''));

/** Client credentials are taken at the org's own address only. */
const tokenHost = (credentials: Credentials): string =>
  (isClientGrant(credentials) ? (credentials.instanceUrl ?? '').replace(/\/+$/, '') : loginUrl(credentials));

export const connector = defineConnector({
  declaration,
  // A session lives 2 hours by default and the answer doesn't say how long (Salesforce help, session settings).
  oauth: {
    authorizeUrl: (configuration) => `${loginUrl(configuration)}/services/oauth2/authorize`,
    tokenUrl: (configuration) => `${tokenHost(configuration)}/services/oauth2/token`,
    grant: (credentials, now) => grant(credentials, loginUrl(credentials), now),
    hosts: ['salesforce.com'], scopes: ['api', 'refresh_token'], provides: ['instanceUrl'], accessTokenMs: 90 * 60_000,
    credentials: ({ instance_url: instanceUrl }) => ({ instanceUrl: typeof instanceUrl === 'string' ? instanceUrl : undefined }),
  },
  authenticate({ accessToken }) {
    if (accessToken === undefined || accessToken === '') throw new ConfigurationInvalidError('The source has no Salesforce session.', { remedy: 'Sign in to Salesforce, or enter an access token.' });
    return { authorization: `Bearer ${accessToken}` };
  },
  baseUrl({ instanceUrl }) {
    if (instanceUrl === undefined || instanceUrl === '') throw new ConfigurationInvalidError('The source has no instance URL.', { remedy: 'Enter your org\'s address, e.g. https://acme.my.salesforce.com.' });
    return instanceUrl.replace(/\/+$/, '');
  },
  mapError,
  shouldRetry,
  quota,
  check,
  readers: Object.fromEntries(OBJECTS.map((object) => [object.collection, objectReader(object)])),
  discovery,
  normalize,
  webhook,
});
