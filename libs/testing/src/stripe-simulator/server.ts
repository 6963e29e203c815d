import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StripeAccount } from './account.js';
import type { Fault, FaultScript } from './faults.js';
import type { ApiKeys } from './keys.js';
import type { RateLimiter } from './rate-limit.js';
import { read, routeOf, write } from './router.js';
import { StripeApiError, unrecognizedUrl } from './stripe-error.js';
import { shapeOf } from './versions.js';

/** One answered request. */
export interface RequestLogEntry {
  readonly method: string;
  /** Ids written as `:id`. */
  readonly endpoint: string;
  /** Path and query as asked for. */
  readonly url: string;
  /** 0 when the connection was closed or left hanging on purpose. */
  readonly status: number;
  readonly version: string;
}

interface Answer { readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> }
interface Replay { readonly fingerprint: string; readonly answer: Answer }

export interface StripeServerParts {
  readonly account: StripeAccount;
  readonly keys: ApiKeys;
  readonly limiter: RateLimiter;
  readonly faults: FaultScript;
}

/** The API over HTTP. */
export class StripeServer {
  /** Requests by `<method> <endpoint>`, every status. */
  readonly counts = new Map<string, number>();
  /** The last 10,000. */
  readonly log: RequestLogEntry[] = [];
  /** Answers paths that aren't Stripe's (`/_simulator/…`), without a key. Undefined: 404. */
  control: ((method: string, path: string, body: string) => string | undefined) | undefined;
  private readonly server: Server;
  private readonly replays = new Map<string, Replay>();

  constructor(private readonly parts: StripeServerParts) {
    this.server = createServer((request, response) => void this.handle(request, response).catch(() => response.destroy()));
    this.server.keepAliveTimeout = 65_000;
  }

  /** @returns the base URL @throws when the port is taken */
  async listen(port: number, host = '127.0.0.1'): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, resolve);
    });
    return `http://${host}:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? 'GET';
    const url = request.url ?? '/';
    const at = url.indexOf('?');
    const path = at < 0 ? url : url.slice(0, at);
    const body = method === 'GET' ? '' : await readBody(request);
    if (path.startsWith('/_simulator/') && this.control !== undefined) return this.answerControl(response, method, path, body);
    const requestId = `req_${this.parts.account.random.text(14)}`;
    const fault = this.parts.faults.take(method, path);
    let endpoint = path;
    let answer: Answer;
    const version = header(request, 'stripe-version') ?? this.parts.account.apiVersion;
    try {
      const route = routeOf(path);
      endpoint = route.endpoint;
      this.count(`${method} ${endpoint}`);
      const broken = fault === undefined ? undefined : await this.misbehave(fault, request, response);
      if (broken === 'gone') return this.note({ method, endpoint, url, status: 0, version });
      answer = broken ?? this.answer(method, route, url.slice(at < 0 ? url.length : at + 1), body, version, requestId, request);
    } catch (error) {
      const known = error instanceof StripeApiError ? error : new StripeApiError(500, 'api_error', `The simulator failed: ${error instanceof Error ? error.stack : String(error)}`);
      answer = { status: known.status, body: known.body(requestId), headers: known.headers };
    }
    this.note({ method, endpoint, url, status: answer.status, version });
    this.send(response, answer, version, requestId, fault);
  }

  private answer(method: string, route: ReturnType<typeof routeOf>, query: string, body: string, version: string, requestId: string, request: IncomingMessage): Answer {
    const { account, keys, limiter } = this.parts;
    const key = keys.authenticate(request.headers.authorization);
    limiter.take(`${method} ${route.endpoint}`);
    if (route.permission === undefined) throw unrecognizedUrl(method, route.endpoint);
    keys.authorize(key, `rak_${route.permission}_${method === 'GET' ? 'read' : 'write'}`);
    const shape = shapeOf(version);
    if (method === 'GET') return { status: 200, body: read(account, route, query, shape) };
    const idempotencyKey = method === 'POST' ? header(request, 'idempotency-key') : undefined;
    const fingerprint = `${route.pattern} ${route.ids.join('/')} ${body}`;
    const replay = idempotencyKey === undefined ? undefined : this.replays.get(idempotencyKey);
    if (replay !== undefined) {
      if (replay.fingerprint === fingerprint) return { ...replay.answer, headers: { 'idempotent-replayed': 'true' } };
      throw new StripeApiError(400, 'idempotency_error', `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${idempotencyKey}' if you meant to execute a different request.`);
    }
    account.request = { id: requestId, idempotency_key: idempotencyKey ?? null };
    try {
      const answer = { status: 200, body: write(account, method, route, method === 'DELETE' && body === '' ? query : body, shape) };
      if (idempotencyKey !== undefined) this.replays.set(idempotencyKey, { fingerprint, answer });
      return answer;
    } finally {
      account.request = { id: null, idempotency_key: null };
    }
  }

  /** @returns what to answer instead, `gone` when nothing is answered, undefined to go on */
  private async misbehave(fault: Fault, request: IncomingMessage, response: ServerResponse): Promise<Answer | 'gone' | undefined> {
    switch (fault.kind) {
      case 'hang':
        return 'gone';
      case 'reset':
        request.socket.resetAndDestroy();
        return 'gone';
      case 'slow':
        await new Promise((resolve) => setTimeout(resolve, fault.delayMs ?? 1000));
        return undefined;
      case 'status': {
        const status = fault.status ?? 500;
        const error = status === 429
          ? new StripeApiError(429, 'invalid_request_error', 'Request rate limit exceeded.', fault.code ?? 'rate_limit')
          : new StripeApiError(status, status >= 500 ? 'api_error' : 'invalid_request_error', 'Sorry! There was an error while talking to one of our backends. Support has been notified.', fault.code);
        return { status, body: error.body('req_fault'), ...fault.headers === undefined ? {} : { headers: fault.headers } };
      }
      case 'html':
        return { status: fault.status ?? 502, body: '<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>', headers: { 'content-type': 'text/html' } };
      default:
        return undefined;
    }
  }

  private send(response: ServerResponse, { status, body, headers }: Answer, version: string, requestId: string, fault: Fault | undefined): void {
    let text = body;
    if (fault?.kind === 'cut_json') text = body.slice(0, Math.floor(body.length / 2));
    if (fault?.kind === 'rewrite' && fault.rewrite !== undefined) text = fault.rewrite(body);
    const bytes = Buffer.from(text);
    response.sendDate = false;
    response.writeHead(status, {
      'content-type': 'application/json', 'content-length': bytes.length, date: new Date(this.parts.account.clock.now()).toUTCString(), 'request-id': requestId, 'stripe-version': version, ...headers,
    });
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

  private count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  private note(entry: RequestLogEntry): void {
    this.log.push(entry);
    if (this.log.length > 20_000) this.log.splice(0, 10_000);
  }
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
