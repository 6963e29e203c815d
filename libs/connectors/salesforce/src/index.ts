import { ConfigurationInvalidError } from '#contracts';
import { defineConnector } from '#connector-kit';
import { check } from './check.js';
import { declaration } from './declaration.js';
import { mapError, shouldRetry } from './map-error.js';
import { normalize } from './normalize.js';
import { OBJECTS } from './objects.js';
import { objectReader } from './reader.js';
import { webhook } from './webhook.js';

export const connector = defineConnector({
  declaration,
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
  check,
  readers: Object.fromEntries(OBJECTS.map((object) => [object.collection, objectReader(object)])),
  normalize,
  webhook,
});
