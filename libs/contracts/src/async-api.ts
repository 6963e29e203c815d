import { CE_TYPES } from './cloud-event.js';
import { MODEL_TOPICS } from './model.js';
import { EventRecord, ObjectRecord } from './record.js';
import { SyncEvent } from './sync-event.js';
import { recordTopic, topicNames, type ConnectorTopics } from './topics.js';

type Json = Readonly<Record<string, unknown>>;

/** What the published documents need of a connector: its collections with what people read of them. */
export interface PublishedConnector extends ConnectorTopics {
  readonly title: string;
  readonly collections: readonly (ConnectorTopics['collections'][number] & {
    readonly title: string;
    readonly description: string;
    /** Declared columns by name; a nested field's name is its path joined with `_`, as the warehouse flattens it. */
    readonly fields: Readonly<Record<string, string>>;
  })[];
}

const COLUMN: Readonly<Record<string, Json>> = {
  string: { type: ['string', 'null'] }, integer: { type: ['integer', 'null'] }, number: { type: ['number', 'null'] }, boolean: { type: ['boolean', 'null'] },
  timestamp: { type: ['string', 'null'], format: 'date-time' }, date: { type: ['string', 'null'], format: 'date' }, json: {},
};

/** TypeBox keeps symbols of its own in what it makes; JSON doesn't. */
const plain = (schema: unknown): Json => JSON.parse(JSON.stringify(schema)) as Json;

/**
 * JSON Schemas (2020-12) of what downstream teams consume, by name: the two record envelopes, and for each collection its envelope
 * with the columns that the connector declares.
 */
export function jsonSchemas(connectors: readonly PublishedConnector[], refer = (kind: 'object' | 'event'): string => `cloud-sources.${kind}.v1`): Record<string, Json> {
  const schemas: Record<string, Json> = { object: plain(ObjectRecord), event: plain(EventRecord) };
  for (const { name, collections } of [...connectors, MODEL_TOPICS]) {
    for (const collection of collections) {
      schemas[`${name}.${collection.name}`] = {
        $schema: 'https://json-schema.org/draft/2020-12/schema', $id: `cloud-sources.${name}.${collection.name}.v1`, title: collection.title, description: collection.description,
        allOf: [{ $ref: refer(collection.kind) }],
        'x-columns': Object.fromEntries(Object.entries(collection.fields).sort(([a], [b]) => (a < b ? -1 : 1)).map(([column, type]) => [column, COLUMN[type] ?? {}])),
      };
    }
  }
  return schemas;
}

const text = (description: string): Json => ({ type: 'string', description });

/** CloudEvents 1.0 in Kafka binary mode: the attributes are headers. */
const headers = (type: string, more: Json = {}): Json => ({
  type: 'object', required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time', 'content-type'],
  properties: {
    ce_specversion: { const: '1.0' }, ce_type: { const: type }, ce_id: text('Deterministic: the same record version always has the same id, so that a consumer can drop what it has seen.'),
    ce_source: text('/sources/<source id>'), ce_time: { type: 'string', format: 'date-time' }, 'content-type': { const: 'application/json' },
    ce_workspaceid: text('Of the workspace.'), ce_sourceid: text('Of the source.'), ...more,
  },
});
const RECORD_HEADERS = {
  ce_connector: text('Name of the connector.'), ce_collection: text('Name of the collection.'), ce_recordid: text("The partner's id of the record."),
  ce_recordversion: text('Decimal. The higher number is the newer state of the record. Of events only those have one that were made again from what is retained: they take the place of the one with the same id.'), ce_runid: text('Of the run that read it; absent for a webhook.'),
  ce_traceparent: text('W3C trace context, where there is one.'),
};

/** The AsyncAPI 3 document of every topic that downstream teams may consume. Source: AsyncAPI 3.0.0, Kafka bindings 0.5.0. */
export function asyncApi(connectors: readonly PublishedConnector[], prefix: string): Json {
  const channels: Record<string, Json> = {};
  const operations: Record<string, Json> = {};
  const messages: Record<string, Json> = {
    syncEvent: { name: CE_TYPES.syncEvent, title: 'Sync event', contentType: 'application/json', headers: headers(CE_TYPES.syncEvent, { ce_runid: text('Of the run.') }), payload: { $ref: '#/components/schemas/syncEvent' } },
  };
  const add = (id: string, address: string, description: string, message: string): void => {
    channels[id] = { address, description, messages: { [message]: { $ref: `#/components/messages/${message}` } }, bindings: { kafka: { topic: address } } };
    operations[`consume ${id}`] = { action: 'receive', channel: { $ref: `#/channels/${id}` }, messages: [{ $ref: `#/channels/${id}/messages/${message}` }] };
  };
  for (const { name, title, collections } of [...connectors, MODEL_TOPICS]) {
    for (const { name: collection, kind, title: words, description } of collections) {
      const id = `${name}.${collection}`;
      const type = kind === 'object' ? CE_TYPES.object : CE_TYPES.event;
      messages[id] = {
        name: type, title: `${title}: ${words}`, contentType: 'application/json', headers: { $ref: `#/components/schemas/${kind}Headers` }, payload: { $ref: `#/components/schemas/${id}` },
        bindings: { kafka: { key: text(name === MODEL_TOPICS.name ? '<user id>' : '<source id>/<record id>') } },
      };
      add(id, recordTopic(prefix, name, collection, kind), kind === 'object'
        ? `${description} Compacted: the newest state of each record stays. A deleted record has \`deleted: true\`.`.trim()
        : `${description} Append only, kept by time.`.trim(), id);
    }
  }
  add('syncEvent', topicNames.syncEvents(prefix), 'What happens in runs, as it happens.', 'syncEvent');
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Cloud sources', version: '1', license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      description: 'Events and objects of connected tools. Read with isolation level read_committed: what a broken-off transaction left is not part of it. At least once towards you: keep the newest `version` of each object, and drop events whose id you have.',
    },
    defaultContentType: 'application/json',
    channels, operations,
    components: {
      messages,
      schemas: {
        objectHeaders: headers(CE_TYPES.object, RECORD_HEADERS), eventHeaders: headers(CE_TYPES.event, RECORD_HEADERS),
        ...jsonSchemas(connectors, (kind) => `#/components/schemas/${kind}`), syncEvent: plain(SyncEvent),
      },
    },
  };
}
