import type { CollectionDeclaration, ConnectorDeclaration } from '#connector-kit';
import { CUSTOM_OBJECTS, DESCRIBES_PER_DAY } from './discovery.js';
import { EVERYWHERE, OBJECTS } from './objects.js';
import { OUTBOUND_MESSAGES } from './outbound-message.js';
import { templates } from './templates.js';

const collections = OBJECTS.map(({ collection, object, title, common, messages, fields }): CollectionDeclaration => ({
  name: collection, kind: 'object', title,
  description: `The ${object} object with every field that you may read, custom ones included${common ? '' : '; not in every org, or not for every user'}.`,
  components: messages ? ['sync', 'webhook'] : ['sync'], permissions: [object === 'UserLogin' ? 'Manage Users' : `Read on ${object}`],
  fields: { ...EVERYWHERE, ...fields },
  window: 'changed', selectedByDefault: common, callsPerSync: 1, callsPerDay: DESCRIBES_PER_DAY,
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
      name: 'accessToken', type: 'secret', title: 'Access token', required: false,
      help: 'A session of a user with "API Enabled" and Read on the objects that you select. It ends after some hours without use.',
    },
    {
      name: 'loginUrl', type: 'url', title: 'Login URL', required: false, default: 'https://login.salesforce.com',
      help: 'https://test.salesforce.com for a sandbox, or your My Domain.',
    },
    { name: 'clientId', type: 'string', title: 'Consumer key', required: false, help: 'Of your external client app in Salesforce: for JWT bearer and client credentials.' },
    { name: 'username', type: 'string', title: 'Username', required: false, placeholder: 'integration@acme.com', help: 'JWT bearer: the user to work as, who must be pre-authorised for the app.' },
    { name: 'privateKey', type: 'secret', title: 'Private key', required: false, help: 'JWT bearer: the RSA key in PEM whose certificate the app has.' },
    { name: 'clientSecret', type: 'secret', title: 'Consumer secret', required: false, help: 'Client credentials: the app must have a run-as user.' },
    {
      name: 'fullReadDays', type: 'string', title: 'Read objects with formulas in full every … days', required: false, pattern: '^[0-9]{1,3}$', placeholder: '7',
      help: 'A formula changes without a trace: a sync doesn\'t see it. Objects with formula fields are then read in full every so many days, one call for each 2,000 records. Empty or 0: never.',
    },
  ],
  methods: [
    { name: 'sign_in', title: 'Sign in to Salesforce', help: 'In the browser; renewed by itself.', fields: [] },
    { name: 'jwt_bearer', title: 'JWT bearer', help: 'An app\'s certificate and a pre-authorised user: no person signs in.', fields: ['clientId', 'username', 'privateKey'] },
    { name: 'client_credentials', title: 'Client credentials', help: 'An app with a run-as user, at your My Domain.', fields: ['clientId', 'clientSecret'] },
    { name: 'access_token', title: 'Access token', help: 'A session that you have: it ends after some hours without use, and nothing renews it.', fields: ['accessToken'] },
  ],
  collections,
  discovered: { topic: CUSTOM_OBJECTS, title: 'Custom objects', description: 'Every custom object of your org that you may query, each as a collection and table of its own.', callsPerSync: 1, callsPerDay: DESCRIBES_PER_DAY },
  fullReadSetting: 'fullReadDays',
  limits: {
    text: 'Salesforce counts the requests of all apps of an org in 24 hours (from 15,000 on, by edition and users). Collections that nothing changed in cost one each run, and one more a day. We leave a fifth of the org\'s limit to others, or as much as you say.',
    requestsPerSecond: 10,
  },
  templates,
  webhook: {
    setup: [
      'In Salesforce open Setup, Outbound Messages, and make one for each object, with the URL of this source as endpoint. Leave "Send Session ID" off.',
      'Choose its fields; SystemModstamp (or LastModifiedDate) must be among them. What you leave out comes with the next sync.',
      'Send it from a flow or workflow rule that runs whenever a record is created or edited.',
      'Copy the organization id (Setup, Company Information) in its form of 18 characters, and enter it as the webhook secret of this source: messages of other orgs are refused.',
    ],
    rawCollection: OUTBOUND_MESSAGES,
    contentTypes: ['text/xml'],
    maxBytes: 1_048_576,
  },
};
