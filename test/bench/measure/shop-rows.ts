import { CE_TYPES, recordKey } from '#contracts';
import type { OutgoingMessage } from '#kafka';

/** S3's record: 13 columns that Stripe's customers have, about 350 bytes as JSON. */
export interface ShopRow {
  readonly id: string; readonly balance: number; readonly created: string; readonly currency: string; readonly delinquent: boolean; readonly description: string; readonly email: string;
  readonly invoice_prefix: string; readonly livemode: boolean; readonly metadata: { readonly tier: string; readonly seats: string }; readonly name: string; readonly phone: string; readonly tax_exempt: string;
}

/** The same row for the same index; ids are spread, as a partner's are. A higher `version` changes a few of its columns. */
export function shopRow(index: number, version: number): ShopRow {
  const id = `cus_${(index * 7_368_787 % 100_000_000).toString(36).padStart(14, '0')}`;
  return {
    id, balance: index % 5000 + version, created: new Date(1_750_000_000_000 + index * 1000).toISOString(), currency: 'usd', delinquent: (index + version) % 10 === 0,
    description: `Customer number ${index}, seen ${version} times`, email: `user${index}@mail.example.com`, invoice_prefix: id.slice(-8).toUpperCase(), livemode: true,
    metadata: { tier: ['free', 'basic', 'plus', 'pro'][index % 4] ?? '', seats: String(index % 50) }, name: `Ada ${index} Abel`, phone: `+1 555 ${String(index).padStart(7, '0')}`, tax_exempt: 'none',
  };
}

export const COLUMNS = 'id, balance, created, currency, delinquent, description, email, invoice_prefix, livemode, metadata, name, phone, tax_exempt';

export const TABLE = `id text primary key, balance bigint, created timestamptz, currency text, delinquent boolean, description text, email text, invoice_prefix text, livemode boolean, metadata jsonb, name text,
  phone text, tax_exempt text`;

const text = (value: string): string => value.replace(/[\\\t\n\r]/g, (character) => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n' })[character] ?? '\\r');

/** A line of PostgreSQL's text format. */
export function copyLine(row: ShopRow): string {
  return `${row.id}\t${row.balance}\t${row.created}\t${row.currency}\t${row.delinquent}\t${text(row.description)}\t${text(row.email)}\t${row.invoice_prefix}\t${row.livemode}\t${text(JSON.stringify(row.metadata))}\t${
    text(row.name)}\t${row.phone}\t${row.tax_exempt}\n`;
}

/** The rows as the normaliser puts them on `objects.stripe.customers`. */
export function* recordMessages(count: number, version: number, sourceId: string, workspaceId: string): Generator<OutgoingMessage> {
  const receivedAt = new Date().toISOString();
  const shared = {
    'content-type': 'application/json', ce_specversion: '1.0', ce_source: `/sources/${sourceId}`, ce_workspaceid: workspaceId, ce_sourceid: sourceId, ce_connector: 'stripe', ce_type: CE_TYPES.object,
    ce_collection: 'customers', ce_time: receivedAt,
  };
  for (let index = 0; index < count; index++) {
    const data = shopRow(index, version);
    yield {
      key: recordKey(sourceId, data.id), value: JSON.stringify({ id: data.id, version: String(version), deleted: false, receivedAt, data }), shared,
      headers: { ce_id: `${sourceId}/customers/${data.id}/${version}`, ce_recordid: data.id, ce_recordversion: String(version) },
    };
  }
}

/** The rows as plain JSON, for peers that read that. */
export function* plainMessages(count: number, version: number): Generator<OutgoingMessage> {
  for (let index = 0; index < count; index++) {
    const row = shopRow(index, version);
    yield { key: row.id, value: JSON.stringify(row), headers: {} };
  }
}

const FIELDS = [
  ['id', 'string', true], ['balance', 'int64'], ['created', 'string', false, 'io.debezium.time.ZonedTimestamp'], ['currency', 'string'], ['delinquent', 'boolean'], ['description', 'string'], ['email', 'string'], ['invoice_prefix', 'string'],
  ['livemode', 'boolean'], ['metadata', 'string', false, 'io.debezium.data.Json'], ['name', 'string'], ['phone', 'string'], ['tax_exempt', 'string'],
] as const;
const SCHEMA = JSON.stringify({ type: 'struct', optional: false, fields: FIELDS.map(([field, type, required, name]) => ({ field, type, optional: required !== true, ...(name !== undefined && { name, version: 1 }) })) });

/** The rows with Connect's schema in every message, which Debezium's sink needs. */
export function* schemaMessages(count: number, version: number): Generator<OutgoingMessage> {
  for (let index = 0; index < count; index++) {
    const row = shopRow(index, version);
    yield { key: row.id, value: `{"schema":${SCHEMA},"payload":${JSON.stringify({ ...row, metadata: JSON.stringify(row.metadata) })}}`, headers: {} };
  }
}
