import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AccessRepository, ThrottleRepository, type Origin, type Throttle, type UserEntity } from '#persistence';
import { AuditTrail } from '../audit/audit-trail.js';
import { networkOf } from '../http/origin.js';
import { Problem } from '../http/problem.js';
import { passwordMatches } from './password.js';

const SESSION_MS = 7 * 86_400_000;
/** Wrong passwords that are free: of one person at one address, of one person from addresses that never were right, of one address. */
const FREE = { pair: 5, person: 20, address: 100 };

export interface NewSession { readonly token: string; readonly maxAgeSeconds: number }

/**
 * Who guesses is slowed down: for the account at that address, for the account at all addresses that the person never signed in
 * from, and for the address. So nobody can lock out a person at a place where that person was before.
 */
@Injectable()
export class SignInService {
  constructor(private readonly access: AccessRepository, private readonly throttles: ThrottleRepository, private readonly audit: AuditTrail) {}

  /** With e-mail and password, into the oldest membership's workspace. */
  async signIn(email: string, password: string, origin: Origin): Promise<NewSession> {
    const user = await this.check(email, password, origin);
    const [membership] = user === undefined ? [] : await this.access.memberships(user.id);
    if (user === undefined || membership === undefined) throw wrong();
    return this.enter(user, membership.workspaceId, origin, 'Sign in');
  }

  /** The person whose e-mail and password these are; undefined: they aren't. @throws Problem when there were too many tries */
  async check(email: string, password: string, origin: Origin): Promise<UserEntity | undefined> {
    const user = await this.access.userByEmail(email);
    const [person, address] = [email.toLowerCase(), networkOf(origin.ip)];
    const known = user !== undefined && await this.throttles.knows(user.id, address);
    const counted: Throttle[] = [
      { key: `pair ${person} ${address}`, free: FREE.pair },
      ...(known ? [] : [{ key: `person ${person}`, free: FREE.person }]),
      { key: `address ${address}`, free: FREE.address },
    ];
    for (const throttle of counted) {
      const seconds = await this.throttles.take(throttle);
      if (seconds === 0) continue;
      if (user !== undefined) await this.refused(user, 429, origin);
      throw new Problem({ status: 429, code: 'too_many_requests', title: 'Too many wrong passwords.', remedy: 'Wait, then try again.', retryAfterSeconds: seconds });
    }
    const right = await passwordMatches(user?.passwordHash, password);
    if (right && user !== undefined) {
      for (const { key } of counted) await this.throttles.forgive(key, key.startsWith('pair '));
      return user;
    }
    if (user !== undefined) await this.refused(user, 401, origin);
    return undefined;
  }

  /** A new session; the way in is in the audit log. */
  async enter(user: Pick<UserEntity, 'id' | 'email'>, workspaceId: string, origin: Origin, title: string): Promise<NewSession> {
    const token = randomBytes(32).toString('base64url');
    await this.audit.entrance({ action: 'session.signIn', title, status: 204, user, workspaceIds: [workspaceId], path: '/api/v1/session' }, origin);
    await this.access.createSession(token, user.id, workspaceId, SESSION_MS, origin);
    await this.throttles.learn(user.id, networkOf(origin.ip));
    return { token, maxAgeSeconds: SESSION_MS / 1000 };
  }

  private async refused(user: UserEntity, status: number, origin: Origin): Promise<void> {
    const workspaceIds = (await this.access.memberships(user.id)).map(({ workspaceId }) => workspaceId);
    await this.audit.entrance({ action: 'session.signIn', title: 'Sign in', status, user, workspaceIds, path: '/api/v1/session' }, origin);
  }
}

const wrong = (): Problem => new Problem({ status: 401, code: 'unauthenticated', title: 'E-mail or password is wrong.', remedy: 'Check both, or ask an owner for a new invitation.' });
