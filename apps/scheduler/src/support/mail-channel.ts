import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { createTransport } from 'nodemailer';
import type { SupportChannel } from './channel.js';
import { asText, subject } from './report.js';

const TIMEOUT_MS = 10_000;
/** What a person reads in the mail itself; all of it is attached. */
const BODY_CHARS = 200_000;
const zip = promisify(gzip);

export interface MailOptions {
  /** `smtp[s]://user:password@host:port` */
  readonly url: string;
  readonly from: string;
  readonly to: readonly string[];
}

/** The complete log as a mail, whole in a compressed attachment. */
export function mailChannel({ url, from, to }: MailOptions): SupportChannel {
  const transport = createTransport({ url, connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS });
  return {
    name: 'mail',
    send: async (report) => {
      const text = asText(report);
      await transport.sendMail({
        // The same for every try: a mail that arrives twice is one.
        messageId: `<${report.reference}@cloud-sources>`, from, to: [...to], subject: subject(report),
        text: text.length > BODY_CHARS ? `${text.slice(0, BODY_CHARS)}\n… the rest is in the attachment.\n` : text,
        attachments: [{ filename: `run-${String(report.run.id)}.json.gz`, contentType: 'application/gzip', content: await zip(JSON.stringify(report, undefined, 1)) }],
      }).catch((error: unknown) => { throw new Error(`SMTP: ${codeOf(error)}`); });
    },
    close: async () => { transport.close(); },
  };
}

/** nodemailer's messages may quote the URL: its codes and the server's status don't. */
function codeOf(error: unknown): string {
  const { code, responseCode } = (error ?? {}) as { code?: unknown; responseCode?: unknown };
  return [code, responseCode].filter((part) => part !== undefined).map(String).join(' ') || 'failed';
}
