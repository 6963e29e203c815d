import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { consentPage, isBrowser } from '../harness/consent-page.js';
import type { Fault, FaultScript } from '../stripe-simulator/faults.js';
import type { RateLimiter } from './rate-limit.js';
import { answer, routeOf, type Desk } from './router.js';
import { ZendeskApiError } from './zendesk-error.js';

/** One answered request. */
export interface ZendeskRequest {
  readonly method: string;
  /** Ids written as `:id`, without `.json`. */
  readonly endpoint: string;
  /** Path and query as asked for. */
  readonly url: string;
  /** 0 when the connection was closed or left hanging on purpose. */
  readonly status: number;
}

interface Sent { readonly status: number; readonly text: string; readonly headers: Readonly<Record<string, string>> }
const HTML_PAGE = { 'content-type': 'text/html; charset=utf-8' };
/** Who may sign in at the account, by `as` of the authorization's address. */
const PEOPLE = { admin: 'an administrator (reads everything)', agent: 'an agent (may not read the exports)' };
const HTML = '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>';

/** The API over HTTP. */
export class ZendeskServer {
  /** Requests by `<method> <endpoint>`, every status. */
  readonly counts = new Map<string, number>();
  /** The last 10,000 or more. */
  readonly log: ZendeskRequest[] = [];
  /** Answers `/_simulator/…`, without credentials. Undefined: 404. */
  control: ((method: string, path: string, body: string) => string | undefined) | undefined;
  private readonly server: Server;

  constructor(private readonly desk: Desk, private readonly limiter: RateLimiter, private readonly faults: FaultScript) {
    this.server = createServer((request, response) => void this.handle(request, response).catch(() => response.destroy()));
  }

  /** @returns the base URL @throws when the port is taken */
  async listen(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? 'GET';
    const url = new URL(request.url ?? '/', 'http://desk');
    const { endpoint } = routeOf(url.pathname);
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (url.pathname.startsWith('/_simulator/') && this.control !== undefined) return this.answerControl(response, method, url.pathname, Buffer.concat(parts).toString('utf8'));
    this.counts.set(`${method} ${endpoint}`, (this.counts.get(`${method} ${endpoint}`) ?? 0) + 1);
    const note = (status: number): void => {
      this.log.push({ method, endpoint, url: request.url ?? '/', status });
      if (this.log.length > 20_000) this.log.splice(0, 10_000);
    };
    const fault = this.faults.take(method, url.pathname);
    if (fault?.kind === 'hang') return note(0);
    if (fault?.kind === 'reset') {
      note(0);
      request.socket.resetAndDestroy();
      return;
    }
    if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.delayMs ?? 1_000));
    const asksPerson = routeOf(url.pathname).endpoint === '/oauth/authorizations/new' && isBrowser(request.headers.accept) && !url.searchParams.has('as');
    const sent = misbehaviour(fault) ?? (asksPerson ? { status: 200, text: consentPage('Zendesk', request.url ?? '', PEOPLE), headers: HTML_PAGE } : undefined) ?? this.answer(method, url, Buffer.concat(parts).toString('utf8'), request.headers.authorization);
    note(sent.status);
    this.send(response, sent, fault);
  }

  private answer(method: string, url: URL, body: string, authorization: string | undefined): Sent {
    let headers: Record<string, string> = {};
    try {
      const identity = this.desk.credentials.authenticate(authorization);
      headers = this.limiter.take(routeOf(url.pathname).limit);
      const { status, body: value, headers: more } = answer(this.desk, method, url, body, identity);
      return { status, text: value === undefined ? '' : JSON.stringify(value), headers: { ...headers, ...more } };
    } catch (thrown) {
      if (!(thrown instanceof ZendeskApiError)) throw thrown;
      return { status: thrown.status, text: typeof thrown.body === 'string' ? thrown.body : JSON.stringify(thrown.body), headers: { ...headers, ...thrown.headers } };
    }
  }

  private answerControl(response: ServerResponse, method: string, path: string, body: string): void {
    let status = 200;
    let text: string | undefined;
    try {
      text = this.control?.(method, path.slice('/_simulator/'.length), body);
    } catch (thrown) {
      status = 400;
      text = JSON.stringify({ error: thrown instanceof Error ? thrown.message : String(thrown) });
    }
    response.writeHead(text === undefined ? 404 : status, { 'content-type': 'application/json' });
    response.end(text ?? '{}');
  }

  private send(response: ServerResponse, { status, text, headers }: Sent, fault: Fault | undefined): void {
    const shown = fault?.kind === 'cut_json' ? text.slice(0, text.length >> 1) : fault?.kind === 'rewrite' && fault.rewrite !== undefined ? fault.rewrite(text) : text;
    const bytes = Buffer.from(shown);
    response.sendDate = false;
    response.writeHead(status, {
      'content-type': 'application/json; charset=utf-8', 'content-length': bytes.length, date: new Date(this.desk.account.clock.now()).toUTCString(), 'x-zendesk-api-version': 'v2', ...headers,
    });
    if (fault?.kind !== 'reset_body') return void response.end(bytes);
    response.write(bytes.subarray(0, bytes.length >> 1), () => response.socket?.resetAndDestroy());
  }
}

/** What is answered in place of the right answer; a 429 comes as plain text and without `Retry-After` unless the fault has headers. */
function misbehaviour(fault: Fault | undefined): Sent | undefined {
  if (fault?.kind === 'html') return { status: fault.status ?? 502, text: HTML, headers: { 'content-type': 'text/html' } };
  if (fault?.kind !== 'status') return undefined;
  const status = fault.status ?? 500;
  const headers = fault.headers ?? {};
  if (status === 429) return { status, text: 'Number of allowed API requests per minute exceeded', headers: { 'content-type': 'text/plain', ...headers } };
  return { status, text: JSON.stringify({ error: fault.code ?? 'InternalError', description: 'Something went wrong on purpose' }), headers };
}
