/** A mail, as far as specs and the demo look at it. */
export interface CaughtMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly messageId: string;
  readonly text: string;
  readonly attachments: readonly { readonly name: string; readonly content: Buffer }[];
}

interface Part { readonly headers: ReadonlyMap<string, string>; readonly body: string }

/** Head and body of a part; every character is one byte (latin1). Folded header lines are joined. */
function split(source: string): Part {
  const end = source.indexOf('\r\n\r\n');
  const head = end < 0 ? source : source.slice(0, end);
  const headers = new Map<string, string>();
  for (const line of head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { headers, body: end < 0 ? '' : source.slice(end + 4) };
}

function bytes({ headers, body }: Part): Buffer {
  const encoding = headers.get('content-transfer-encoding')?.toLowerCase();
  if (encoding === 'base64') return Buffer.from(body, 'base64');
  if (encoding !== 'quoted-printable') return Buffer.from(body, 'latin1');
  return Buffer.from(body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))), 'latin1');
}

/** Encoded words (RFC 2047); what stands between two of them is nothing. */
const words = (value: string): string => value.replace(/\?=\s+=\?/g, '?==?').replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind: string, text: string) => (
  kind.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : Buffer.from(text.replaceAll('_', ' ').replace(/=([0-9A-F]{2})/gi, (__, hex: string) => String.fromCharCode(parseInt(hex, 16))), 'latin1')).toString('utf8'));

const parameter = (value: string | undefined, name: string): string | undefined => new RegExp(`${name}="?([^";]+)"?`, 'i').exec(value ?? '')?.[1];

function leaves(part: Part): Part[] {
  const boundary = parameter(part.headers.get('content-type'), 'boundary');
  if (boundary === undefined) return [part];
  return part.body.split(`--${boundary}`).slice(1, -1).flatMap((inner) => leaves(split(inner.replace(/^\r\n/, '').replace(/\r\n$/, ''))));
}

/** Reads a mail's source: headers, text and attachments, of the kinds that nodemailer writes. */
export function readMail(source: Buffer, envelope: Pick<CaughtMail, 'from' | 'to'>): CaughtMail {
  const mail = split(source.toString('latin1'));
  const parts = leaves(mail).map((part) => ({ part, name: parameter(part.headers.get('content-disposition'), 'filename') }));
  return {
    ...envelope, subject: words(mail.headers.get('subject') ?? ''), messageId: mail.headers.get('message-id') ?? '',
    text: parts.filter(({ name }) => name === undefined).map(({ part }) => bytes(part).toString('utf8').replaceAll('\r\n', '\n')).join('\n'),
    attachments: parts.flatMap(({ part, name }) => (name === undefined ? [] : [{ name, content: bytes(part) }])),
  };
}
