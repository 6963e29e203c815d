import { setMaxListeners } from 'node:events';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Agent } from 'undici';
import { ConfigurationInvalidError, PartnerContractError, RateLimitedError, fromErrorReport, type CloudSourcesError } from '#contracts';
import type { Connector, Credentials } from '../connector.js';
import type { ConnectorDeclaration } from '../declaration.js';
import { guardedConnector } from './address-guard.js';
import { defaultError, networkFailure } from './map-error.js';
import { PartnerClock } from './partner-clock.js';
import { RateLimit, type RateLimits } from './rate-limit.js';
import { redactor, type Redact } from './redact.js';
import { backoff, isRetriable, retryAfter, sleep } from './retry.js';
import type { ApiCall, BegunCall, CallGate, PartnerAnswer, PartnerClient, PartnerRequest, PartnerResponse, PartnerWait, Quota } from './types.js';

export interface PartnerHttpOptions {
  readonly connector: Pick<Connector, 'declaration' | 'authenticate' | 'baseUrl' | 'mapError' | 'shouldRetry' | 'quota'>;
  readonly credentials: Credentials;
  /**
   * New credentials for those that the partner refused (or that are about to expire); undefined when they can't be renewed.
   * Called once for all requests that fail at the same time; each is then sent once more. What it throws, `send` throws.
   */
  readonly renew?: (failed: Credentials) => Promise<Credentials | undefined>;
  /** Told before every attempt; `onCall` tells of its end with the same values. Must not throw. */
  readonly onBegin?: (call: BegunCall) => void;
  /** Told of every attempt, also of those without an answer. Must not throw. */
  readonly onCall?: (call: ApiCall) => void;
  /** Told before every wait. Must not throw. */
  readonly onWait?: (wait: PartnerWait) => void;
  /** Told of what an answer says of the partner's own limit. Must not throw. */
  readonly onQuota?: (quota: Quota) => void;
  /** Admits each attempt, in place of limits that count within this client. */
  readonly gate?: CallGate;
  /** Aborts waits and requests; `send` then throws its reason. */
  readonly signal?: AbortSignal;
  /** Instead of the declaration's limits. `{}` = no limit. */
  readonly limits?: RateLimits;
  /** The longest time that one `send` waits between its attempts, and for its turn; beyond it `RateLimitedError` is thrown. Default 60,000. */
  readonly maxWaitMs?: number;
  /** Default 6. */
  readonly maxAttempts?: number;
  /** Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Until the answer's headers are complete. Default 60,000. */
  readonly headersTimeoutMs?: number;
  /** Between two pieces of the body. Default 30,000. */
  readonly bodyTimeoutMs?: number;
  /** Of one attempt as a whole, against an answer that trickles. Default 300,000. */
  readonly attemptTimeoutMs?: number;
  /** Default 32 MiB. */
  readonly maxBodyBytes?: number;
  /** Connections at a time. Default 16. */
  readonly connections?: number;
  /** Lets requests reach loopback, private and link-local addresses, and use plain `http:`. For local use only. */
  readonly allowPrivateAddresses?: boolean;
  /** For specs: our clock in milliseconds, the random number of the back-off, and the wait. */
  readonly clock?: () => number;
  readonly random?: () => number;
  readonly wait?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

const unzip = promisify(gunzip);

/** Credentials with `expiresAt` are renewed this long before. */
const RENEW_AHEAD_MS = 60_000;

/** What one set of credentials comes to. */
interface Access {
  readonly credentials: Credentials;
  readonly origin: string;
  readonly host: string;
  readonly basePath: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Our clock when it came into use. */
  readonly since: number;
  /** Whether it was tried to renew it before its end. */
  triedAhead: boolean;
}

/** Thrown into an attempt that takes too long as a whole. */
class AttemptTimeout extends Error {
  readonly code = 'ATTEMPT_TIMEOUT';
}

interface Answer {
  readonly status: number;
  readonly headers: PartnerAnswer['headers'];
  readonly body: Buffer;
  readonly sentAt: number;
}

/**
 * The way to one partner with one set of credentials. Make one for each run (or check) and close it: the limits count within it.
 * @throws ConfigurationInvalidError when the base URL can't be called.
 */
export function createPartnerHttp(options: PartnerHttpOptions): PartnerClient {
  return new UndiciPartnerHttp(options);
}

class UndiciPartnerHttp implements PartnerClient {
  private readonly title: string;
  private access: Access;
  private renewing: Promise<boolean> | undefined;
  private readonly secrets = new Set<string>();
  private redact: Redact;
  private readonly agent: Agent;
  private readonly limit: RateLimit;
  private readonly partnerClock: PartnerClock;
  private readonly clock: () => number;
  private readonly maxWaitMs: number;
  private readonly maxAttempts: number;
  private readonly maxBodyBytes: number;
  private readonly attemptTimeoutMs: number;

  constructor(private readonly options: PartnerHttpOptions) {
    const { connector, credentials } = options;
    this.title = connector.declaration.title;
    this.clock = options.clock ?? Date.now;
    this.redact = redactor([]);
    this.access = this.accessWith(credentials, Number.NEGATIVE_INFINITY);
    this.partnerClock = new PartnerClock(this.clock);
    this.limit = new RateLimit(options.limits ?? connector.declaration.limits);
    this.maxWaitMs = options.maxWaitMs ?? 60_000;
    this.maxAttempts = options.maxAttempts ?? 6;
    this.maxBodyBytes = options.maxBodyBytes ?? 32 * 1024 * 1024;
    this.attemptTimeoutMs = options.attemptTimeoutMs ?? 300_000;
    this.agent = new Agent({
      connections: options.connections ?? 16,
      pipelining: 1,
      headersTimeout: options.headersTimeoutMs ?? 60_000,
      bodyTimeout: options.bodyTimeoutMs ?? 30_000,
      maxResponseSize: this.maxBodyBytes,
      connect: options.allowPrivateAddresses === true
        ? { timeout: options.connectTimeoutMs ?? 10_000 }
        : guardedConnector({ timeout: options.connectTimeoutMs ?? 10_000 }),
    });
    // One listener for each request under way is no leak.
    if (options.signal !== undefined) setMaxListeners(0, options.signal);
  }

  now(): number {
    return this.partnerClock.now();
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }

  async send(request: PartnerRequest): Promise<PartnerResponse> {
    const path = withQuery(request);
    const shown = this.redact.text(path);
    const endpoint = request.endpoint ?? request.path;
    const random = this.options.random ?? Math.random;
    let waited = 0;
    let renewed = false;
    for (let attempt = 1; ; attempt++) {
      waited += await this.turn(endpoint, request, waited);
      await this.renewAhead();
      const { access } = this;
      const answer = await this.attempt(access, request, path, shown).catch((thrown: unknown) => {
        this.options.signal?.throwIfAborted();
        const failure = networkFailure(this.title, access.host, request.path, this.maxBodyBytes, thrown);
        if (!failure.retriable || attempt >= this.maxAttempts) throw failure.error;
        return failure.error;
      });
      let delay = backoff(attempt, random);
      if ('status' in answer) {
        if (answer.status >= 200 && answer.status < 300) return this.response(answer, shown);
        const known = this.withoutSecrets(answer, request.path);
        if (request.accept?.includes(answer.status) === true) return this.response({ ...answer, headers: known.headers, body: known.body }, shown);
        if (!renewed && this.options.renew !== undefined && this.mapped(known, undefined).code === 'authentication_failed' && await this.renewed(access)) {
          renewed = true;
          attempt -= 1;
          continue;
        }
        const after = retryAfter(answer.headers['retry-after'], this.now());
        if (attempt >= this.maxAttempts || !(this.options.connector.shouldRetry?.(known) ?? isRetriable(answer.status))) throw this.mapped(known, after);
        delay = Math.max(delay, after ?? 0);
        if (waited + delay > this.maxWaitMs) throw after === undefined ? this.mapped(known, undefined) : this.rateLimited(known, delay);
        const now = this.clock();
        if (answer.status === 429) this.limit.pause(endpoint, now + delay, now);
        if (answer.status === 429) this.options.gate?.pause(endpoint, delay);
      } else if (waited + delay > this.maxWaitMs) throw answer;
      waited += delay;
      await this.pause(delay, request, 'status' in answer && answer.status === 429);
    }
  }

  /** All that depends on the credentials. Secrets of earlier ones stay secret. */
  private accessWith(credentials: Credentials, since: number): Access {
    const { connector, allowPrivateAddresses } = this.options;
    const base = baseUrl(connector.baseUrl(credentials), this.title, allowPrivateAddresses === true);
    const authentication = connector.authenticate(credentials);
    for (const secret of secretsOf(connector.declaration, credentials, authentication)) this.secrets.add(secret);
    this.redact = redactor([...this.secrets]);
    return {
      credentials, since, origin: base.origin, host: base.hostname, basePath: base.pathname.replace(/\/$/, ''), triedAhead: false,
      headers: { accept: 'application/json', 'accept-encoding': 'gzip', 'user-agent': 'cloud-sources', ...authentication },
    };
  }

  /** Whether there are other credentials now than those that failed. One renewal for all that ask at the same time. */
  private renewed(failed: Access): Promise<boolean> {
    if (this.access !== failed) return Promise.resolve(true);
    return this.renewing ??= this.renewal(failed.credentials).finally(() => { this.renewing = undefined; });
  }

  private async renewal(failed: Credentials): Promise<boolean> {
    const credentials = await this.options.renew?.(failed);
    if (credentials === undefined) return false;
    this.access = this.accessWith(credentials, this.clock());
    return true;
  }

  /** Once for each set of credentials, and none that is younger than this: a token may live shorter. A failure shows when the partner refuses the old ones. */
  private async renewAhead(): Promise<void> {
    const { access } = this;
    const expiresAt = Number(access.credentials['expiresAt'] ?? Number.NaN);
    const now = this.clock();
    if (this.options.renew === undefined || access.triedAhead || !(now >= expiresAt - RENEW_AHEAD_MS) || now - access.since < RENEW_AHEAD_MS) {
      if (this.renewing !== undefined) await this.renewing.catch(() => false);
      return;
    }
    access.triedAhead = true;
    await this.renewed(access).catch(() => false);
  }

  /** Waits for the rate limit's next slot. @returns milliseconds waited */
  private async turn(endpoint: string, request: PartnerRequest, waited: number): Promise<number> {
    this.options.signal?.throwIfAborted();
    const left = this.maxWaitMs - waited;
    const wait = this.options.gate === undefined ? this.limit.reserve(endpoint, this.clock(), left) : await this.options.gate.take(endpoint, left);
    if (wait === 0) return 0;
    if (waited + wait > this.maxWaitMs) {
      throw new RateLimitedError(`The rate limit for ${this.title} leaves no room for ${request.path} in the next ${Math.ceil(this.maxWaitMs / 1_000)} s.`, { retryAfterMs: Math.ceil(wait) });
    }
    await this.pause(wait, request, true);
    return wait;
  }

  private pause(ms: number, { collection }: PartnerRequest, rateLimit: boolean): Promise<void> {
    this.options.onWait?.({ collection, ms, rateLimit });
    return (this.options.wait ?? sleep)(ms, this.options.signal);
  }

  private async attempt(access: Access, request: PartnerRequest, path: string, shown: string): Promise<Answer> {
    const method = request.method ?? 'GET';
    const startedAt = this.clock();
    const begun: BegunCall = { collection: request.collection, method, request: shown, startedAt };
    const started = performance.now();
    const controller = new AbortController();
    const timer = setTimeout(() => { controller.abort(new AttemptTimeout()); }, this.attemptTimeoutMs);
    const { signal } = this.options;
    const cancel = (): void => { controller.abort(signal?.reason); };
    signal?.addEventListener('abort', cancel, { once: true });
    let status = 0;
    let bytes = 0;
    this.options.onBegin?.(begun);
    try {
      const answer = await this.agent.request({
        origin: access.origin, path: access.basePath + path, method, signal: controller.signal,
        headers: request.headers === undefined ? access.headers : { ...access.headers, ...request.headers },
        ...(request.body !== undefined && { body: request.body }),
      });
      status = answer.statusCode;
      let body: Buffer = Buffer.from(await answer.body.arrayBuffer());
      if (answer.headers['content-encoding'] === 'gzip') body = await unzip(body, { maxOutputLength: this.maxBodyBytes });
      bytes = body.length;
      const quota = this.options.connector.quota?.({ headers: answer.headers, path });
      if (quota !== undefined) this.options.onQuota?.(quota);
      this.partnerClock.observe(answer.headers.age === undefined ? answer.headers.date : undefined, startedAt, this.clock());
      return { status, headers: answer.headers, body, sentAt: startedAt };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      this.options.onCall?.({ ...begun, status, durationMs: performance.now() - started, bytes });
    }
  }

  private response({ status, headers, body, sentAt }: Answer, request: string): PartnerResponse {
    const { title, redact } = this;
    return {
      status, headers, body, request,
      observedAt: this.partnerClock.at(sentAt),
      json<T>(): T {
        try {
          return JSON.parse(body.toString('utf8')) as T;
        } catch {
          throw new PartnerContractError(`${title}'s answer to ${request} is not JSON.`, { details: redact.text(body.subarray(0, 16_384).toString('utf8')) });
        }
      },
    };
  }

  private withoutSecrets(answer: Answer, path: string): PartnerAnswer {
    const hide = (value: string | string[] | undefined): string | string[] | undefined => typeof value === 'string' ? this.redact.text(value) : value?.map(this.redact.text);
    return {
      status: answer.status, path, body: this.redact.bytes(answer.body),
      headers: Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, hide(value)])),
    };
  }

  private mapped(answer: PartnerAnswer, retryAfterMs: number | undefined): CloudSourcesError {
    const error = this.options.connector.mapError?.(answer);
    if (error === undefined) return defaultError({ title: this.title, answer, retryAfterMs });
    const told = withWords(error, answer);
    return told.code === 'rate_limited' && told.retryAfterMs === undefined ? withRetryAfter(told, retryAfterMs) : told;
  }

  /** The partner asks for a longer wait than a run should sit through, whatever the status it said so with. */
  private rateLimited(answer: PartnerAnswer, retryAfterMs: number): CloudSourcesError {
    const error = this.mapped(answer, retryAfterMs);
    return error.code === 'rate_limited' ? error : withRetryAfter(error, retryAfterMs);
  }
}

/** Headers that hold a secret; others (an API version) are no secret and stay readable in errors. */
const SECRET_HEADER = /auth|cookie|token|key|secret|signature/i;

function secretsOf(declaration: ConnectorDeclaration, credentials: Credentials, authentication: Readonly<Record<string, string>>): string[] {
  const fields = declaration.configuration.filter(({ type }) => type === 'secret').map(({ name }) => credentials[name] ?? '');
  const headers = Object.entries(authentication).filter(([name]) => SECRET_HEADER.test(name)).map(([, value]) => value.replace(/^(Basic|Bearer) /i, ''));
  return [...fields, ...headers];
}

/** The partner's own words are never lost: where the connector could not read them, the answer is quoted as it is. */
function withWords(error: CloudSourcesError, { body }: PartnerAnswer): CloudSourcesError {
  const words = body.toString('utf8').trim();
  return error.details !== undefined || words === '' ? error : fromErrorReport({ ...error.report(), details: words });
}

function withRetryAfter(error: CloudSourcesError, retryAfterMs: number | undefined): RateLimitedError {
  return new RateLimitedError(error.message, {
    ...(error.details !== undefined && { details: error.details }), ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

function baseUrl(text: string, title: string, allowPrivate: boolean): URL {
  const fail = (why: string): never => { throw new ConfigurationInvalidError(`The base URL for ${title} ${why}.`, { remedy: 'Correct the base URL of the source.' }); };
  if (!URL.canParse(text)) fail('is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) fail('must start with https://');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') fail('must not hold a user, a password, a query or a fragment');
  return url;
}

/** Brackets stay readable in names (`created[gte]`): partners take them as they are. */
const queryName = (name: string): string => encodeURIComponent(name).replace(/%5B/g, '[').replace(/%5D/g, ']');

function withQuery({ path, query }: PartnerRequest): string {
  if (query === undefined) return path;
  const parts: string[] = [];
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value as readonly (string | number)[] : [value as string | number | boolean]) parts.push(`${queryName(name)}=${encodeURIComponent(one)}`);
  }
  return parts.length === 0 ? path : `${path}${path.includes('?') ? '&' : '?'}${parts.join('&')}`;
}
