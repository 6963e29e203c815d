import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AccessRepository, type ApiKeyEntity, type Principal, type Role } from '#persistence';
import { Logger } from '#platform';
import { GatewayConfig } from '../gateway.config.js';
import { Problem, notFound } from '../http/problem.js';
import { hashPassword, passwordMatches } from './password.js';

const SESSION_MS = 7 * 86_400_000;
/** So many wrong passwords are free; after that each one doubles the wait. */
const FREE_TRIES = 5;
const LONGEST_WAIT_MS = 15 * 60_000;

export interface Account { readonly email: string | null; readonly role: Role; readonly workspace: { readonly id: string; readonly name: string } }

@Injectable()
export class AccessService {
  constructor(private readonly access: AccessRepository, private readonly config: GatewayConfig, private readonly logger: Logger) {}

  /** The first workspace and its owner, from the configuration, while there is no user. */
  async bootstrap(): Promise<void> {
    const { bootstrapOwnerEmail: email, bootstrapOwnerPassword: password, bootstrapApiKey: apiKey, bootstrapWorkspace: workspace } = this.config;
    if (email === undefined || password === undefined) return;
    const made = await this.access.bootstrap({ workspace, email, passwordHash: await hashPassword(password), ...(apiKey !== undefined && { apiKey }) });
    if (made) this.logger.info('The first workspace and its owner were created.');
  }

  /** @returns the session's token and its life in seconds */
  async signIn(email: string, password: string): Promise<{ readonly token: string; readonly maxAgeSeconds: number }> {
    const user = await this.access.userByEmail(email);
    if (user !== undefined && user.failedLogins >= FREE_TRIES && user.lastFailedAt !== null) {
      const waitMs = Math.min(LONGEST_WAIT_MS, 1_000 * 2 ** (user.failedLogins - FREE_TRIES)) - (Date.now() - user.lastFailedAt.getTime());
      if (waitMs > 0) throw new Problem({ status: 429, code: 'too_many_requests', title: 'Too many wrong passwords.', remedy: 'Wait, then try again.', retryAfterSeconds: Math.ceil(waitMs / 1000) });
    }
    const right = await passwordMatches(user?.passwordHash, password);
    if (user !== undefined) await this.access.countLogin(user.id, right);
    const [membership] = right && user !== undefined ? await this.access.memberships(user.id) : [];
    if (user === undefined || membership === undefined) {
      throw new Problem({ status: 401, code: 'unauthenticated', title: 'E-mail or password is wrong.', remedy: 'Check both, or ask an owner for a new password.' });
    }
    const token = randomBytes(32).toString('base64url');
    await this.access.createSession(token, user.id, membership.workspaceId, SESSION_MS);
    return { token, maxAgeSeconds: SESSION_MS / 1000 };
  }

  signOut(token: string): Promise<void> { return this.access.deleteSession(token); }

  async account({ userId, role, workspaceId }: Principal): Promise<Account> {
    const [user, workspace] = await Promise.all([userId === null ? undefined : this.access.userById(userId), this.access.workspace(workspaceId)]);
    return { email: user?.email ?? null, role, workspace: { id: workspace.id, name: workspace.name } };
  }

  apiKeys(workspaceId: string): Promise<ApiKeyEntity[]> { return this.access.apiKeys(workspaceId); }

  /** The key itself is in this answer and nowhere else. */
  async createApiKey(workspaceId: string, name: string, role: Role): Promise<{ readonly row: ApiKeyEntity; readonly key: string }> {
    const key = `cs_${randomBytes(32).toString('base64url')}`;
    return { key, row: await this.access.createApiKey(workspaceId, name, role, key) };
  }

  async revokeApiKey(workspaceId: string, id: string): Promise<void> {
    if (!await this.access.revokeApiKey(workspaceId, id)) throw notFound('API key');
  }
}
