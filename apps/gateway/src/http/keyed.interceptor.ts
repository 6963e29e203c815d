import { setTimeout as wait } from 'node:timers/promises';
import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { lastValueFrom, of, type Observable } from 'rxjs';
import { IdempotencyRepository, type Begun, type KeyedRequest } from '#persistence';
import { sealContext, type Vault } from '#vault';
import type { Authenticated } from '../access/principal.js';
import { VAULT } from '../tokens.js';
import { keyReused } from './creates.js';
import { ASKS, CREATES_ONCE, checkKey } from './keyed.js';
import { Problem } from './problem.js';

/** Longer than any request takes; then whoever had it is dead. */
const LEASE_MS = 300_000;
/** How long a repeat waits for the first request, and how often it looks. */
const PATIENCE_MS = 15_000;
const LOOK_MS = 100;

/**
 * `Idempotency-Key` on every POST of somebody who is known: the same request under the same key is done once, and answered alike for 24
 * hours. What was refused is forgotten, so that it can be tried again. Answers may hold secrets: they are kept sealed.
 */
@Injectable()
export class KeyedInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector, private readonly requests: IdempotencyRepository, @Inject(VAULT) private readonly vault: Vault) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const [{ method, principal, headers, url, body }, reply] = [context.switchToHttp().getRequest<Authenticated>(), context.switchToHttp().getResponse<FastifyReply>()];
    const key = headers['idempotency-key'] as string | undefined;
    const marked = (mark: string): boolean => this.reflector.get<boolean | undefined>(mark, context.getHandler()) === true;
    if (method !== 'POST' || principal === undefined || key === undefined || marked(ASKS)) return next.handle();
    checkKey(key);
    if (marked(CREATES_ONCE)) return next.handle();
    const { workspaceId } = principal;
    const request: KeyedRequest = { workspaceId, key, fingerprint: this.vault.fingerprint(`${workspaceId} ${key} ${method} ${url}\n${JSON.stringify(body ?? null)}`) };
    const begun = await this.begin(request);
    if (begun.state === 'answered') {
      void reply.status(begun.status);
      const text = this.vault.open(begun.answerSealed, sealContext.repeatedAnswer(workspaceId));
      return of(text === '' ? undefined : JSON.parse(text) as unknown);
    }
    let answer: unknown;
    try {
      answer = await lastValueFrom<unknown, undefined>(next.handle(), { defaultValue: undefined });
    } catch (error) {
      await this.requests.forget(request);
      throw error;
    }
    // It is done: when this fails, the key stays taken, so that a repeat doesn't do it again at once.
    await this.requests.answered(request, reply.statusCode, this.vault.seal(answer === undefined ? '' : JSON.stringify(answer), sealContext.repeatedAnswer(workspaceId)));
    return of(answer);
  }

  /** Waits for who is at it. @throws Problem when that takes too long, or the key belongs to another request */
  private async begin(request: KeyedRequest): Promise<Begun> {
    for (const end = Date.now() + PATIENCE_MS; ;) {
      const begun = await this.requests.begin(request, LEASE_MS);
      if (begun.state === 'other') throw keyReused();
      if (begun.state !== 'running') return begun;
      if (Date.now() > end) throw new Problem({ status: 409, code: 'conflict', title: 'The first request with this Idempotency-Key is still being worked on.', remedy: 'Send it again in a moment: it is answered as the first one.', retryAfterSeconds: 5 });
      await wait(LOOK_MS);
    }
  }
}
