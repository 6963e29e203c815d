import { Agent } from 'undici';
import { guardedConnector, redactor } from '#connector-kit';
import { requestFor, type Target } from './requests.js';

/** What a try came to: got through, may get through later, will never get through, or nobody wants it any more. */
export type Verdict = 'delivered' | 'retry' | 'refused' | 'gone';

/** One try, as the delivery log keeps it. Holds no secret. */
export interface Attempt {
  /** ISO 8601 */
  readonly at: string;
  /** HTTP status; null when there was no answer. */
  readonly status: number | null;
  readonly durationMs: number;
  /** A stable word for why there was no answer: `timeout`, `blocked_address`, `ECONNREFUSED`, … */
  readonly error: string | null;
  /** The beginning of the answer. */
  readonly answer: string | null;
}

export interface Sent { readonly verdict: Verdict; readonly attempt: Attempt; /** As the destination asked for, in ms. */ readonly retryAfterMs?: number }

export interface SenderOptions {
  readonly timeoutMs: number;
  /** Lets destinations be on loopback and private addresses. */
  readonly allowPrivateAddresses: boolean;
}

const ANSWER_CHARS = 1_000;
const ANSWER_BYTES = 8_192;
const LONGEST_WAIT_MS = 86_400_000;
/** What a person can mend at the destination without a word of the event changing: it is tried again. */
const MENDABLE = [401, 403, 404, 407, 408, 409, 421, 423, 424, 425, 429];

/** Redirects aren't followed: whoever answers one is told to a person. */
const verdictOf = (status: number): Verdict => (
  status >= 200 && status < 300 ? 'delivered' : status === 410 ? 'gone' : status < 400 || status >= 500 || MENDABLE.includes(status) ? 'retry' : 'refused');

/** Seconds or an HTTP date, at most a day. */
function waitOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_WAIT_MS) : undefined;
}

/** Talks to destinations. Addresses are checked at connect time; nothing is thrown for what a destination does. */
export class Sender {
  private readonly agent: Agent;

  constructor(private readonly options: SenderOptions) {
    const { timeoutMs, allowPrivateAddresses } = options;
    const connect = { timeout: timeoutMs };
    this.agent = new Agent({ headersTimeout: timeoutMs, bodyTimeout: timeoutMs, connections: 16, pipelining: 1, connect: allowPrivateAddresses ? connect : guardedConnector(connect) });
  }

  async send(target: Target, messages: readonly { readonly messageId: string; readonly body: Buffer }[]): Promise<Sent> {
    const now = Date.now();
    const started = performance.now();
    const attempt = (status: number | null, error: string | null, answer: string | null): Attempt => ({ at: new Date(now).toISOString(), status, durationMs: Math.round(performance.now() - started), error, answer });
    const { url, headers, body } = requestFor(target, messages, now);
    const { origin, pathname, search } = new URL(url);
    try {
      const response = await this.agent.request({ origin, path: `${pathname}${search}`, method: 'POST', headers, body, signal: AbortSignal.timeout(this.options.timeoutMs) });
      const answer = await beginning(response.body);
      const retryAfterMs = waitOf(one(response.headers['retry-after']), now);
      const { text: hide } = redactor([...target.secrets, headers['authorization'] ?? ''].filter((secret) => secret !== ''));
      return { verdict: verdictOf(response.statusCode), attempt: attempt(response.statusCode, null, hide(answer).slice(0, ANSWER_CHARS)), ...(retryAfterMs !== undefined && { retryAfterMs }) };
    } catch (error) {
      return { verdict: 'retry', attempt: attempt(null, wordOf(error), null) };
    }
  }

  close(): Promise<void> { return this.agent.destroy(); }
}

const one = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header);

async function beginning(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    parts.push(part);
    if ((bytes += part.length) >= ANSWER_BYTES) break;
  }
  return Buffer.concat(parts).toString('utf8').replaceAll('\0', '\ufffd');
}

function wordOf(error: unknown): string {
  const { name, code } = error as { name?: string; code?: string };
  if (name === 'BlockedAddressError') return 'blocked_address';
  if (name === 'TimeoutError' || code?.startsWith('UND_ERR_') === true && code.includes('TIMEOUT')) return 'timeout';
  return code ?? name ?? 'failed';
}
