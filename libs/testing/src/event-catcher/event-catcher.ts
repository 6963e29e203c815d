import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that came, as a receiver of events looks at it. */
export interface CaughtRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly at: Date;
  /** How it was answered. */
  readonly status: number;
  /** undefined: unsigned, or there is no secret to check it with */
  readonly signed: boolean | undefined;
}

export interface EventCatcherOptions {
  /** 0 takes a free one. */
  readonly port?: number;
  /** `whsec_…`: what signatures are checked with, for the page. */
  readonly secret?: string;
  /** 204 unless it is said otherwise. */
  readonly answer?: (request: Pick<CaughtRequest, 'path' | 'headers' | 'body'>) => { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string } | Promise<{ readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }>;
}

/** A destination for events: a receiver of webhooks, or of a tracking API's batches, that keeps the newest requests and shows them over HTTP. */
export interface EventCatcher {
  /** `http://127.0.0.1:<port>`; any path takes a POST. A GET of `/` is a list for people, of `/events.json` for programs. */
  readonly url: string;
  readonly requests: readonly CaughtRequest[];
  stop(): Promise<void>;
}

const KEPT = 5_000;
const SHOWN = 100;
const escape = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

/** Standard Webhooks 1.0, without the check of the age: whoever catches looks later. */
function isSigned(secret: string, { headers, body }: Pick<CaughtRequest, 'headers' | 'body'>): boolean | undefined {
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': given } = headers;
  if (given === undefined) return undefined;
  const right = `v1,${createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64')).update(`${String(id)}.${String(at)}.${body}`).digest('base64')}`;
  return String(given).split(' ').includes(right);
}

export async function startEventCatcher({ port = 0, secret, answer = () => ({ status: 204 }) }: EventCatcherOptions = {}): Promise<EventCatcher> {
  const requests: CaughtRequest[] = [];
  const server = createServer((request, response) => {
    if (request.method !== 'POST') { show(requests, request.url ?? '/', response); return; }
    const parts: Buffer[] = [];
    request.on('error', () => undefined).on('data', (part: Buffer) => { parts.push(part); }).on('end', () => {
      void (async () => {
        const caught = { path: request.url ?? '/', headers: request.headers, body: Buffer.concat(parts).toString() };
        const { status, headers, body } = await answer(caught);
        requests.push({ ...caught, at: new Date(), status, signed: secret === undefined ? undefined : isSigned(secret, caught) });
        if (requests.length > KEPT) requests.shift();
        response.writeHead(status, { ...headers }).end(body);
      })();
    });
  });
  await new Promise<void>((resolve, reject) => { server.once('error', reject); server.listen(port, '127.0.0.1', resolve); });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
    },
  };
}

/** The body for people: a webhook's type, or how many messages a batch has. */
function summaryOf(body: string): string {
  try {
    const { type, batch } = JSON.parse(body) as { type?: string; batch?: readonly { readonly event?: string }[] };
    return type ?? (batch === undefined ? 'something' : `${batch.length} messages: ${[...new Set(batch.map(({ event }) => event))].join(', ')}`);
  } catch { return 'not JSON'; }
}

function show(requests: readonly CaughtRequest[], url: string, response: ServerResponse): void {
  const send = (type: string, text: string, status = 200): void => { response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(text); };
  const newest = requests.slice(-SHOWN).reverse();
  if (url === '/events.json') return send('application/json', JSON.stringify(newest.map(({ headers: { authorization: _, ...headers }, ...request }) => ({ ...request, headers }))));
  if (url !== '/') return send('text/plain', 'There is no such page.', 404);
  const rows = newest.map(({ at, body, signed, headers }) => `<details><summary>${at.toISOString()} <b>${escape(summaryOf(body))}</b>${signed === undefined ? '' : signed ? ' · signature right' : ' · <b>signature wrong</b>'}</summary><pre>${escape(String(headers['webhook-id'] ?? ''))}\n${escape(body)}</pre></details>`);
  send('text/html', `<!doctype html><title>Caught events</title><meta http-equiv="refresh" content="5"><h1>Caught events</h1>${rows.length === 0 ? '<p>None yet.</p>' : rows.join('')}`);
}
