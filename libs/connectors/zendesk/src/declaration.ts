import type { CollectionDeclaration, ConnectorDeclaration } from '#connector-kit';
import { EXPORTS, LISTS, WEBHOOK_EVENTS } from './collections/collections.js';
import { FIELDS } from './collections/fields.js';
import { EXPORT_ENDPOINT } from './collections/export-reader.js';
import { PAGE_ROWS } from './collections/list-reader.js';
import { API_TOKENS_END } from './map-error.js';
import { templates } from './templates.js';

type Described = { readonly name: string; readonly title: string; readonly description: string; readonly permission: string; readonly onRequest?: true };

/** Collections that webhooks bring too. */
const BY_WEBHOOK = new Set(['users', 'organizations', 'tickets']);

function declare({ name, title, description, permission, onRequest }: Described, more: Partial<CollectionDeclaration> = {}): CollectionDeclaration {
  const fields = FIELDS[name];
  if (fields === undefined) throw new Error(`zendesk: the collection ${name} declares no columns`);
  return {
    name, kind: name === 'ticket_events' ? 'event' : 'object', title, description, components: BY_WEBHOOK.has(name) ? ['sync', 'webhook'] : ['sync'],
    permissions: [permission], fields, selectedByDefault: onRequest !== true, callsPerSync: 1, ...more,
  };
}

const webhookEvents = declare({
  name: WEBHOOK_EVENTS, title: 'Webhook events', description: 'Events that Zendesk\'s webhooks bring as they happen, and what triggers send.', permission: 'none',
}, { kind: 'event', components: ['webhook'], permissions: [], callsPerSync: 0 });

export const declaration: ConnectorDeclaration = {
  name: 'zendesk',
  title: 'Zendesk Support',
  description: 'Tickets with every change to them, users, organizations and ratings.',
  documentationUrl: 'https://developer.zendesk.com/api-reference/ticketing/introduction/',
  auth: ['oauth2', 'basic'],
  configuration: [
    {
      name: 'subdomain', type: 'string', title: 'Subdomain', required: true, pattern: '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$', placeholder: 'acme',
      help: 'The first part of your Zendesk address only: acme for acme.zendesk.com.',
    },
    {
      name: 'accessToken', type: 'secret', title: 'OAuth access token', required: false,
      help: 'Of an OAuth client of the account (Admin Center, Apps and integrations, APIs, OAuth clients) with the scope read, authorised by an administrator.',
    },
    { name: 'email', type: 'string', title: 'Email', required: false, pattern: '^[^\\s@]+@[^\\s@]+$', placeholder: 'admin@acme.com', help: 'Only with an API token: the address of the administrator that it works for.' },
    {
      name: 'apiToken', type: 'secret', title: 'API token (legacy)', required: false,
      help: `Prefer OAuth. Zendesk gives out no new API tokens since 2026-10-27, switches off those that are idle for 30 days, and all of them on ${API_TOKENS_END}.`,
    },
    { name: 'baseUrl', type: 'url', title: 'Base URL', required: false, help: 'Leave it empty for Zendesk itself; another server that speaks its API, such as a simulator, otherwise.' },
  ],
  methods: [
    { name: 'sign_in', title: 'Sign in to Zendesk', help: 'In the browser, as an administrator; renewed by itself.', fields: [] },
    { name: 'access_token', title: 'OAuth access token', help: 'One that you have; nothing renews it.', fields: ['accessToken'] },
    { name: 'api_token', title: 'API token (legacy)', help: 'No new ones since 2026-10-27; all of them stop working on the day shown.', fields: ['email', 'apiToken'], endsOn: API_TOKENS_END },
  ],
  collections: [
    ...EXPORTS.flatMap((collection) => [declare(collection, { window: 'changed' }), ...collection.parts.map((part) => declare(part, { partOf: collection.name, window: 'changed', callsPerSync: 0 }))]),
    ...LISTS.map((collection) => declare(collection, {
      ...(collection.since === undefined ? { rowsPerCall: PAGE_ROWS } : { window: 'created' }), ...(collection.deletedWhenAbsent && { deletedWhenAbsent: true }),
    })),
    webhookEvents,
  ],
  limits: {
    text: 'Zendesk allows 10 incremental exports a minute, of which we use 8, and 200 to 2,500 other requests a minute by plan, of which we use 160.',
    requestsPerSecond: 160 / 60,
    endpoints: { [EXPORT_ENDPOINT]: { requests: 8, windowMs: 60_000 } },
  },
  templates,
  webhook: {
    setup: [
      'In Zendesk\'s Admin Center open Apps and integrations, Webhooks, and create a webhook with the URL of this source, the method POST and the format JSON.',
      'Subscribe it to the events of users, organizations and tickets; or connect it to a trigger, whose body then becomes a webhook event.',
      'Save it, show its signing secret and enter that as the webhook secret of this source. Test requests of a webhook that isn\'t saved are refused: their secret is public.',
    ],
    rawCollection: WEBHOOK_EVENTS,
    contentTypes: ['application/json'],
    maxBytes: 1_048_576,
  },
};
