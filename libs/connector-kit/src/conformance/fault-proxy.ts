import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';

/** What goes wrong between the connector and its partner. */
export type ProxyFault =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> }
  /** The partner's own answer, but only the first half of its bytes, as a whole answer. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'reset' }
  /** Each path gives its first answer for ever, whatever the cursor. */
  | { readonly kind: 'repeat' };

interface Upstream { readonly status: number; readonly headers: Record<string, string | string[] | undefined>; readonly body: Buffer }

/** Forwards requests to a partner, notes them, and does what goes wrong. */
export class FaultProxy {
  /** Path and query of every request, in order. */
  readonly requests: string[] = [];
  private fault: ProxyFault | undefined;
  private left = Infinity;
  private skip = 0;
  private readonly first = new Map<string, Upstream>();
  private readonly agent = new Agent();
  private readonly server = createServer((request, response) => {
    this.handle(request, response).catch(() => { response.destroy(); });
  });

  private constructor(private readonly target: string) {}

  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((done) => { proxy.server.listen(0, '127.0.0.1', done); });
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** After the next `skip` requests `fault` happens, `times` times; undefined: nothing does. */
  set(fault: ProxyFault | undefined, { times = Infinity, skip = 0 } = {}): void {
    this.fault = fault;
    this.left = times;
    this.skip = skip;
    this.first.clear();
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await Promise.all([new Promise((done) => { this.server.close(done); }), this.agent.destroy()]);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests.push(request.url ?? '');
    const fault = this.left > 0 && this.skip-- <= 0 ? this.fault : undefined;
    if (fault !== undefined) this.left--;
    if (fault?.kind === 'reset') { response.destroy(); return; }
    if (fault?.kind === 'answer') { response.writeHead(fault.status, fault.headers ?? {}).end(fault.body); return; }
    const path = request.url?.split('?')[0] ?? '';
    const known = fault?.kind === 'repeat' ? this.first.get(path) : undefined;
    const { status, headers, body } = known ?? await this.forward(request);
    if (fault?.kind === 'repeat') this.first.set(path, { status, headers, body });
    response.writeHead(status, headers).end(fault?.kind === 'cut' ? body.subarray(0, body.length >> 1) : body);
  }

  private async forward(request: IncomingMessage): Promise<Upstream> {
    const base = new URL(this.target);
    const sent: Buffer[] = [];
    for await (const chunk of request) sent.push(chunk as Buffer);
    // Uncompressed, so that a body can be cut and repeated.
    const { connection: _connection, host: _host, 'accept-encoding': _compression, 'transfer-encoding': _encoding, 'content-length': _length, ...headers } = request.headers;
    const answer = await this.agent.request({
      origin: base.origin, path: base.pathname.replace(/\/$/, '') + (request.url ?? ''), method: request.method === 'POST' ? 'POST' : 'GET', headers,
      ...(sent.length > 0 && { body: Buffer.concat(sent) }),
    });
    const { 'content-length': _size, 'transfer-encoding': _chunked, connection: _kept, ...rest } = answer.headers;
    return { status: answer.statusCode, headers: rest, body: Buffer.from(await answer.body.arrayBuffer()) };
  }
}
