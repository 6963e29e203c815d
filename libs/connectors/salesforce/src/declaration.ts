import type { CollectionDeclaration, ConnectorDeclaration } from '#connector-kit';
import { OBJECTS } from './objects.js';

const collections = OBJECTS.map(({ collection, object, title, common, fields }): CollectionDeclaration => ({
  name: collection, kind: 'object', title,
  description: `The ${object} object with every field that you may read, custom ones included${common ? '' : '; not in every org'}.`,
  components: ['sync'], permissions: [`Read on ${object}`],
  fields: { id: 'string', system_modstamp: 'timestamp', created_date: 'timestamp', last_modified_date: 'timestamp', is_deleted: 'boolean', ...fields },
  selectedByDefault: common, callsPerSync: 1,
}));

export const declaration: ConnectorDeclaration = {
  name: 'salesforce',
  title: 'Salesforce',
  description: 'Accounts, contacts, leads, opportunities, cases and what belongs to them, with your own fields.',
  documentationUrl: 'https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/',
  auth: ['oauth2'],
  configuration: [
    {
      name: 'instanceUrl', type: 'url', title: 'Instance URL', required: true, placeholder: 'https://acme.my.salesforce.com',
      help: 'Your org\'s own address (My Domain), as the browser shows it after signing in, without a path.',
    },
    {
      name: 'accessToken', type: 'secret', title: 'Access token', required: true,
      help: 'A session of a user with "API Enabled" and Read on the objects that you select. It ends after some hours without use.',
    },
    {
      name: 'loginUrl', type: 'url', title: 'Login URL', required: false, default: 'https://login.salesforce.com',
      help: 'https://test.salesforce.com for a sandbox, or your My Domain.',
    },
  ],
  collections,
  limits: {
    text: 'Salesforce counts the requests of all apps of an org in 24 hours (from 15,000 on, by edition and users). Collections that nothing changed in cost one each run, and one more a day. We stop at 90 % of the org\'s limit.',
    requestsPerSecond: 10,
  },
};
