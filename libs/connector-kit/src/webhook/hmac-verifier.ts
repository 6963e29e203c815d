import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookHandler, WebhookRequest, WebhookVerdict } from '../connector.js';

const DEFAULT_TOLERANCE_MS = 300_000;

/** How a partner signs its webhooks with a shared secret, as its documents put it. */
export interface HmacScheme {
  /** Header with the signature, e.g. `stripe-signature`. */
  readonly header: string;
  /** Text before the signature, e.g. `sha256=`. Not with `list`. */
  readonly prefix?: string;
  /** The header is a list of `name=value` items, in which the signature's name may come several times (secrets that rotate). */
  readonly list?: {
    /** Between items, e.g. `,`. */
    readonly separator: string;
    /** Name of the signatures that count, e.g. `v1`; all others are ignored. */
    readonly signature: string;
    /** Name of the timestamp, when the list holds it. */
    readonly timestamp?: string;
  };
  /** Absent: the partner signs no time, and repeats are only found by their delivery id. */
  readonly timestamp?: {
    /** Header with the time, when it isn't in `list`. */
    readonly header?: string;
    readonly unit: 'seconds' | 'milliseconds' | 'iso8601';
    /** How far the time may lie in the past or the future. Default 300,000. */
    readonly toleranceMs?: number;
  };
  /** What is signed: text with `{timestamp}`, `{body}`, `{method}`, `{url}` and `{header:name}`, e.g. `{timestamp}.{body}`. */
  readonly signed: string;
  readonly hash: 'sha1' | 'sha256' | 'sha512';
  readonly encoding: 'hex' | 'base64';
  /**
   * Where the partner's id of the delivery is: the same for each repeat of a delivery. A field is looked for at the top of
   * the JSON body. A delivery without it is told by the hash of its bytes.
   */
  readonly deliveryId: { readonly header: string } | { readonly bodyField: string };
}

const DIGEST_BYTES = { sha1: 20, sha256: 32, sha512: 64 } as const;
/** Placeholders (with their name in the group) and the text between them. */
const PIECES = /\{(timestamp|body|method|url|header:[a-z0-9-]+)\}|[^{]+|\{/g;

type Piece = (request: WebhookRequest, timestamp: string) => string | Buffer;
type Refusal = { readonly reason: string };

/**
 * A verifier for partners that sign with HMAC. It fails closed: no secret, no signature or no time where one belongs is a
 * refusal. Reasons: `no_secret`, `missing_signature`, `malformed_signature`, `bad_signature`, `missing_timestamp`,
 * `malformed_timestamp`, `stale_timestamp`.
 * @throws Error when the scheme contradicts itself
 */
export function hmacVerifier(scheme: HmacScheme): WebhookHandler {
  const pieces = compile(scheme);
  const toleranceMs = scheme.timestamp?.toleranceMs ?? DEFAULT_TOLERANCE_MS;
  return {
    verify(request, secrets): WebhookVerdict {
      const refuse = (reason: string): WebhookVerdict => ({ ok: false, reason });
      const found = read(scheme, request);
      if ('reason' in found) return refuse(found.reason);
      let secret = -1;
      let usable = false;
      secrets.forEach((key, index) => {
        if (key === '') return;
        usable = true;
        const hmac = createHmac(scheme.hash, key);
        for (const piece of pieces) hmac.update(piece(request, found.timestamp ?? ''));
        const expected = hmac.digest();
        for (const signature of found.signatures) if (timingSafeEqual(signature, expected) && secret < 0) secret = index;
      });
      if (!usable) return refuse('no_secret');
      if (secret < 0) return refuse('bad_signature');
      // After the signature: a time that nobody signed says nothing.
      if (scheme.timestamp !== undefined) {
        const at = parseTimestamp(found.timestamp ?? '', scheme.timestamp.unit);
        if (at === undefined) return refuse('malformed_timestamp');
        if (Math.abs(request.receivedAt - at) > toleranceMs) return refuse('stale_timestamp');
      }
      return { ok: true, deliveryId: deliveryId(scheme, request), secret };
    },
  };
}

function compile(scheme: HmacScheme): Piece[] {
  const fail = (why: string): never => { throw new Error(`webhook signature in ${scheme.header}: ${why}`); };
  if (!scheme.signed.includes('{body}')) fail('what is signed must hold {body}');
  if (scheme.signed.includes('{timestamp}') !== (scheme.timestamp !== undefined)) fail('a timestamp must be both declared and signed');
  if (scheme.timestamp !== undefined && (scheme.timestamp.header === undefined) === (scheme.list?.timestamp === undefined)) fail('the timestamp is either in a header or in the list');
  return [...scheme.signed.matchAll(PIECES)].map(([text, name]): Piece => {
    if (name === undefined) return () => text;
    if (name === 'body') return ({ body }) => body;
    if (name === 'timestamp') return (_request, timestamp) => timestamp;
    if (name === 'method') return ({ method }) => method;
    if (name === 'url') return ({ url }) => url;
    const header = name.slice('header:'.length);
    return (request) => single(request, header) ?? '';
  });
}

/** A header that came once; undefined when it is absent, empty or came several times. */
function single({ headers }: WebhookRequest, name: string): string | undefined {
  const value = headers[name];
  const text = typeof value === 'string' ? value : value?.length === 1 ? value[0] : undefined;
  return text === '' ? undefined : text;
}

/** The signatures, as bytes of the right length, and the time as the partner wrote it. */
function read(scheme: HmacScheme, request: WebhookRequest): { readonly signatures: readonly Buffer[]; readonly timestamp?: string } | Refusal {
  const value = request.headers[scheme.header];
  if (value === undefined || value.length === 0) return { reason: 'missing_signature' };
  const { list } = scheme;
  let texts: readonly string[];
  let timestamp = scheme.timestamp?.header === undefined ? undefined : single(request, scheme.timestamp.header);
  if (list !== undefined) {
    // A header that came twice is one longer list, whether or not a proxy has joined it.
    const items = (typeof value === 'string' ? [value] : value).flatMap((line) => line.split(list.separator)).map((item) => item.trim());
    const named = (name: string): string[] => items.filter((item) => item.startsWith(`${name}=`)).map((item) => item.slice(name.length + 1));
    texts = named(list.signature);
    if (list.timestamp !== undefined) {
      const times = new Set(named(list.timestamp));
      if (times.size > 1) return { reason: 'malformed_timestamp' };
      [timestamp] = times;
    }
  } else {
    const text = single(request, scheme.header);
    if (text === undefined || !text.startsWith(scheme.prefix ?? '')) return { reason: 'malformed_signature' };
    texts = [text.slice(scheme.prefix?.length ?? 0)];
  }
  if (texts.length === 0) return { reason: 'missing_signature' };
  if (scheme.timestamp !== undefined && (timestamp === undefined || timestamp === '')) return { reason: 'missing_timestamp' };
  const signatures = texts.map((text) => decode(text, scheme)).filter((bytes) => bytes !== undefined);
  if (signatures.length === 0) return { reason: 'malformed_signature' };
  return { signatures, ...(timestamp !== undefined && { timestamp }) };
}

function decode(text: string, { encoding, hash }: HmacScheme): Buffer | undefined {
  if (!(encoding === 'hex' ? /^[0-9a-f]+$/i : /^[0-9a-z+/]+={0,2}$/i).test(text)) return undefined;
  const bytes = Buffer.from(text, encoding);
  return bytes.length === DIGEST_BYTES[hash] ? bytes : undefined;
}

/** Milliseconds since the epoch. */
function parseTimestamp(text: string, unit: NonNullable<HmacScheme['timestamp']>['unit']): number | undefined {
  if (unit === 'iso8601') {
    const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN;
    return Number.isNaN(at) ? undefined : at;
  }
  return /^\d{1,13}$/.test(text) ? Number(text) * (unit === 'seconds' ? 1_000 : 1) : undefined;
}

function deliveryId({ deliveryId: where }: HmacScheme, request: WebhookRequest): string {
  const found = 'header' in where ? single(request, where.header) : bodyField(request.body, where.bodyField);
  return found ?? `sha256:${createHash('sha256').update(request.body).digest('hex')}`;
}

/** The field at the top of a JSON body; undefined when there is none. The signature is already known to be right. */
function bodyField(body: Buffer, field: string): string | undefined {
  try {
    const value = (JSON.parse(body.toString('utf8')) as Record<string, unknown> | null)?.[field];
    return (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value) : undefined;
  } catch {
    return undefined;
  }
}
