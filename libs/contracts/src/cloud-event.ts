/**
 * CloudEvents 1.0 in Kafka binary mode: attributes are headers with the prefix `ce_`, the value is the JSON body.
 * Source: CloudEvents Kafka Protocol Binding 1.0.2, §3.2.
 */
export const CE_TYPES = {
  rawPage: 'cloud-sources.raw.page.v1',
  rawWebhook: 'cloud-sources.raw.webhook.v1',
  rawAbsent: 'cloud-sources.raw.absent.v1',
  object: 'cloud-sources.object.v1',
  event: 'cloud-sources.event.v1',
  syncCommand: 'cloud-sources.sync.command.v1',
  syncEvent: 'cloud-sources.sync.event.v1',
  deadLetter: 'cloud-sources.dead-letter.v1',
} as const;
export type CloudEventType = (typeof CE_TYPES)[keyof typeof CE_TYPES];

/** Attribute name (lower case, no prefix) to value. `content-type` is the one header without the prefix. */
export type CloudEventAttributes = Readonly<Record<string, string | undefined>> & {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
};

/** Headers as they come from and go to Kafka. */
export type WireHeaders = Record<string, Buffer | string | (Buffer | string)[] | undefined>;

/** Attributes as Kafka headers; undefined ones are left out. */
export function toHeaders(attributes: CloudEventAttributes, contentType = 'application/json'): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': contentType, ce_specversion: '1.0' };
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) headers[`ce_${name}`] = value;
  return headers;
}

/** One attribute out of Kafka headers; undefined when it isn't there. */
export function attribute(headers: WireHeaders | undefined, name: string): string | undefined {
  const value = headers?.[`ce_${name}`];
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined ? undefined : first.toString();
}
