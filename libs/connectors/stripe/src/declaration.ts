import type { CollectionDeclaration, ConnectorDeclaration } from '#connector-kit';
import { EVENT_COLLECTIONS, OTHER_EVENTS } from './collections/events.js';
import { EVENT_FIELDS, FIELDS } from './collections/fields.js';
import { PARTS, RESOURCES, resourcesWith } from './collections/resources.js';
import { templates } from './templates.js';

const fieldsOf = (collection: string): CollectionDeclaration['fields'] => {
  const fields = FIELDS[collection];
  if (fields === undefined) throw new Error(`stripe: the collection ${collection} declares no columns`);
  return fields;
};

const both = ['sync', 'webhook'] as const;

const resources = RESOURCES.map(({ collection, title, description, permission, eventTypes }): CollectionDeclaration => ({
  name: collection, kind: 'object', title, description, components: eventTypes.length === 0 ? ['sync'] : both,
  permissions: [permission], fields: fieldsOf(collection), window: 'created', selectedByDefault: true, callsPerSync: 1,
}));

const parts = PARTS.map(({ collection, title, description }): CollectionDeclaration => {
  const parents = resourcesWith(collection);
  return {
    name: collection, kind: 'object', title, description, components: collection === 'balance_transaction_fee_details' ? ['sync'] : both,
    permissions: [...new Set(parents.map(({ permission }) => permission))], fields: fieldsOf(collection),
    partOf: parents.map((parent) => parent.collection), window: 'created', selectedByDefault: true, callsPerSync: 0,
  };
});

const events = EVENT_COLLECTIONS.map(({ collection, title, description }): CollectionDeclaration => ({
  name: collection, kind: 'event', title, description, components: both, permissions: ['rak_event_read'], fields: EVENT_FIELDS,
  ...(collection !== OTHER_EVENTS && { partOf: OTHER_EVENTS }), window: 'created', selectedByDefault: true, callsPerSync: collection === OTHER_EVENTS ? 1 : 0,
}));

export const declaration: ConnectorDeclaration = {
  name: 'stripe',
  title: 'Stripe',
  description: 'Payments, customers, subscriptions and invoices, with every event that changes them.',
  documentationUrl: 'https://docs.stripe.com/api',
  auth: ['api_key'],
  configuration: [
    {
      name: 'apiKey', type: 'secret', title: 'API key', required: true, pattern: '^(sk|rk)_[A-Za-z0-9_]+$', placeholder: 'rk_live_…',
      help: 'A restricted key with read permission for the collections that you select, and for events. A secret key works too, but can do more than is needed here.',
    },
    {
      name: 'accountId', type: 'string', title: 'Connected account', required: false, pattern: '^acct_[A-Za-z0-9]+$', placeholder: 'acct_…',
      help: 'Only for Connect platforms: the connected account to read in place of your own.',
    },
    {
      name: 'baseUrl', type: 'url', title: 'Base URL', required: false, default: 'https://api.stripe.com',
      help: 'Leave it as it is for Stripe itself; another server that speaks its API, such as a simulator, otherwise.',
    },
  ],
  collections: [...resources, ...parts, ...events],
  limits: {
    text: 'Stripe allows 25 requests a second per endpoint and 100 a second in all (25 in a sandbox). We use at most 20 per endpoint.',
    requestsPerSecondPerEndpoint: 20,
    requestsPerSecond: 80,
  },
  templates,
  webhook: {
    setup: [
      'In Stripe\'s dashboard open Developers, Webhooks, and add a destination with the URL of this source.',
      'Choose the events of your own account; all of them, or those of the collections that you selected.',
      'Copy the signing secret (whsec_…) and enter it as the webhook secret of this source.',
    ],
    rawCollection: 'events',
    contentTypes: ['application/json'],
    maxBytes: 1_048_576,
  },
};
