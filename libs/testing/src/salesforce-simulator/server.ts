import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { consentPage, isBrowser } from '../harness/consent-page.js';
import type { SimulatedClock } from '../stripe-simulator/clock.js';
import type { Fault, FaultScript } from '../stripe-simulator/faults.js';
import type { RestAnswer, RestApi } from './rest.js';
import { OAuthError, SalesforceApiError, notFound } from './salesforce-error.js';
import type { Sessions } from './sessions.js';

/** One answered request. */
export interface SalesforceRequest {
  readonly method: string;
  /** Path and query as asked for. */
  readonly url: string;
  /** 0 when the connection was closed or left hanging on purpose. */
  readonly status: number;
}

export interface SalesforceServerParts {
  readonly clock: SimulatedClock;
  readonly sessions: Sessions;
  readonly rest: RestApi;
  readonly faults: FaultScript;
}

const DAY = 86_400_000;
/** Of the address and all headers of a request, in bytes. */
const LARGEST_HEAD = 16_384;

/** The API over HTTP. */
export class SalesforceServer {
  /** The last 20,000. */
  readonly log: SalesforceRequest[] = [];
  /** API requests in 24 hours, rolling. */
  dailyRequests = 15_000;
  /** Set: refuses with `ConcurrentRequests`. */
  tooManyAtOnce = false;
  /** Set: refuses with API_DISABLED_FOR_ORG. */
  apiDisabled = false;
  control: ((method: string, path: string, body: string) => string | undefined) | undefined;
  url = '';
  private readonly server: Server;
  private calls: number[] = [];

  constructor(private readonly parts: SalesforceServerParts) {
    this.server = createServer({ maxHeaderSize: 131_072 }, (request, response) => void this.handle(request, response).catch(() => response.destroy()));
    this.server.keepAliveTimeout = 65_000;
  }

  /** @throws when the port is taken */
  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', resolve);
    });
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  /** API requests of the last 24 hours. */
  used(): number {
    const since = this.parts.clock.now() - DAY;
    this.calls = this.calls.filter((at) => at > since);
    return this.calls.length;
  }

  /** Others of the org use the API too. */
  use(requests: number): void {
    for (let i = 0; i < requests; i++) this.calls.push(this.parts.clock.now());
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? 'GET';
    const url = request.url ?? '/';
    const { pathname, searchParams } = new URL(url, 'http://salesforce');
    const body = method === 'GET' ? '' : await readBody(request);
    if (pathname.startsWith('/_simulator/') && this.control !== undefined) return this.answerControl(response, method, pathname, body);
    const fault = this.parts.faults.take(method, pathname);
    const broken = fault === undefined ? undefined : await misbehave(fault, request);
    if (broken === 'gone') return this.note({ method, url, status: 0 });
    const isApi = pathname.startsWith('/services/data');
    let answer: RestAnswer;
    try {
      answer = broken ?? this.answer(request, method, pathname.replace(/\/+$/, ''), searchParams, body);
    } catch (error) {
      const known = error instanceof SalesforceApiError || error instanceof OAuthError ? error : new SalesforceApiError(500, 'UNKNOWN_EXCEPTION', `The simulator failed: ${error instanceof Error ? error.stack : String(error)}`);
      answer = { status: known.status, body: known.body() };
    }
    this.note({ method, url, status: answer.status });
    this.send(response, isApi ? { ...answer, headers: { 'sforce-limit-info': `api-usage=${this.used()}/${this.dailyRequests}`, ...answer.headers } } : answer, fault);
  }

  private answer(request: IncomingMessage, method: string, path: string, query: URLSearchParams, body: string): RestAnswer {
    const { sessions, rest } = this.parts;
    const size = Buffer.byteLength(request.url ?? '');
    if (size > LARGEST_HEAD) return { status: 414, body: '<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>', headers: { 'content-type': 'text/html' } };
    if (size + request.rawHeaders.reduce((sum, part) => sum + Buffer.byteLength(part) + 2, 0) > LARGEST_HEAD) return { status: 431, body: '<h1>Bad Message 431</h1><pre>reason: Request Header Fields Too Large</pre>', headers: { 'content-type': 'text/html' } };
    if (path.startsWith('/services/oauth2/')) return this.oauth(request, method, path.slice('/services/oauth2/'.length), query, body);
    if (path === '/services/data') return { status: 200, body: JSON.stringify(['58.0', '64.0'].map((version) => ({ label: version, url: `/services/data/v${version}`, version }))) };
    const [, version, rest_ = ''] = /^\/services\/data\/(v\d\d\.0)(\/.*)?$/.exec(path) ?? (() => { throw notFound(); })();
    const user = sessions.authenticate(request.headers.authorization);
    if (this.apiDisabled) throw new SalesforceApiError(403, 'API_DISABLED_FOR_ORG', 'API is not enabled for this Organization or Partner');
    if (this.tooManyAtOnce) throw new SalesforceApiError(403, 'REQUEST_LIMIT_EXCEEDED', 'ConcurrentRequests (Concurrent API Requests) Limit exceeded.');
    if (this.used() >= this.dailyRequests) throw new SalesforceApiError(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.');
    this.use(1);
    return rest.answer({ method, version: version ?? '', path: rest_, query, body, user });
  }

  private oauth(request: IncomingMessage, method: string, action: string, query: URLSearchParams, body: string): RestAnswer {
    const { sessions } = this.parts;
    const form = method === 'POST' ? new URLSearchParams(body) : query;
    if (action === 'token' && method === 'POST') return { status: 200, body: JSON.stringify(sessions.token(withBasic(form, request.headers.authorization), this.url)) };
    if (action === 'revoke') { sessions.revoke(form.get('token') ?? ''); return { status: 200, body: '' }; }
    const [user] = sessions.users;
    const as = query.get('as');
    if (action === 'authorize' && as === null && isBrowser(request.headers.accept)) return { status: 200, body: consentPage('Salesforce', request.url ?? '', { admin: 'the administrator' }), headers: { 'content-type': 'text/html; charset=utf-8' } };
    if (action === 'authorize' && user !== undefined) {
      const back = new URL(query.get('redirect_uri') ?? 'http://127.0.0.1/');
      if (as === 'nobody') back.searchParams.set('error', 'access_denied');
      else back.searchParams.set('code', sessions.authorize(query, user));
      const state = query.get('state');
      if (state !== null) back.searchParams.set('state', state);
      return { status: 302, body: '', headers: { location: back.href } };
    }
    if (action === 'userinfo') {
      const { userId, username } = sessions.authenticate(request.headers.authorization);
      return { status: 200, body: JSON.stringify({ user_id: userId, preferred_username: username, urls: {} }) };
    }
    throw notFound();
  }

  private send(response: ServerResponse, { status, body, headers }: RestAnswer, fault: Fault | undefined): void {
    let text = body;
    if (fault?.kind === 'cut_json') text = body.slice(0, Math.floor(body.length / 2));
    if (fault?.kind === 'rewrite' && fault.rewrite !== undefined) text = fault.rewrite(body);
    const bytes = Buffer.from(text);
    response.sendDate = false;
    response.writeHead(status, { 'content-type': 'application/json;charset=UTF-8', ...status !== 204 && { 'content-length': bytes.length }, date: new Date(this.parts.clock.now()).toUTCString(), ...headers });
    if (fault?.kind !== 'reset_body') return void response.end(bytes);
    response.write(bytes.subarray(0, bytes.length >> 1), () => response.socket?.resetAndDestroy());
  }

  private answerControl(response: ServerResponse, method: string, path: string, body: string): void {
    let status = 200;
    let text: string | undefined;
    try {
      text = this.control?.(method, path.slice('/_simulator/'.length), body);
    } catch (error) {
      status = 400;
      text = JSON.stringify({ error: error instanceof Error ? error.message : String(error) });
    }
    response.writeHead(text === undefined ? 404 : status, { 'content-type': 'application/json' });
    response.end(text ?? '{}');
  }

  private note(entry: SalesforceRequest): void {
    this.log.push(entry);
    if (this.log.length > 20_000) this.log.splice(0, 10_000);
  }
}

/** @returns what to answer instead, `gone` when nothing is answered, undefined to go on */
async function misbehave(fault: Fault, request: IncomingMessage): Promise<RestAnswer | 'gone' | undefined> {
  const headers = fault.headers === undefined ? {} : { headers: fault.headers };
  switch (fault.kind) {
    case 'hang': return 'gone';
    case 'reset': request.socket.resetAndDestroy(); return 'gone';
    case 'slow': await new Promise((resolve) => setTimeout(resolve, fault.delayMs ?? 1_000)); return undefined;
    case 'status': return { status: fault.status ?? 500, body: new SalesforceApiError(500, fault.code ?? 'UNKNOWN_EXCEPTION', 'An unexpected error occurred. Please include this ErrorId if you contact support.').body(), ...headers };
    case 'html': return { status: fault.status ?? 503, body: '<html><head><title>Salesforce is unavailable</title></head><body>We are down for maintenance.</body></html>', headers: { 'content-type': 'text/html' } };
    default: return undefined;
  }
}

/** A client may send its id and secret as Basic. */
function withBasic(form: URLSearchParams, authorization: string | undefined): URLSearchParams {
  const basic = /^Basic (.+)$/.exec(authorization ?? '')?.[1];
  if (basic === undefined) return form;
  const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString().split(':');
  const whole = new URLSearchParams(form);
  whole.set('client_id', id);
  whole.set('client_secret', secret);
  return whole;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
