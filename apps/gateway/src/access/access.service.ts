import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AccessRepository, ThrottleRepository, newId, type ApiKeyEntity, type Principal, type Role, type SessionEntity } from '#persistence';
import { Logger } from '#platform';
import { GatewayConfig } from '../gateway.config.js';
import { Creates } from '../http/creates.js';
import { Problem, invalid, notFound } from '../http/problem.js';
import { hashPassword, passwordMatches } from './password.js';
import type { Person } from './principal.js';

export interface Account { readonly email: string | null; readonly role: Role; readonly hasPassword: boolean; readonly workspace: { readonly id: string; readonly name: string } }
export interface NewApiKey { readonly row: ApiKeyEntity; readonly key: string | null }

/** Wrong current passwords that are free, when a person changes it. */
const FREE_TRIES = 5;

@Injectable()
export class AccessService {
  constructor(private readonly access: AccessRepository, private readonly throttles: ThrottleRepository, private readonly creates: Creates, private readonly config: GatewayConfig, private readonly logger: Logger) {}

  /** The first workspace and its owner, from the configuration, while there is no user. */
  async bootstrap(): Promise<void> {
    const { bootstrapOwnerEmail: email, bootstrapOwnerPassword: password, bootstrapApiKey: apiKey, bootstrapWorkspace: workspace } = this.config;
    if (email === undefined || password === undefined) return;
    const made = await this.access.bootstrap({ workspace, email, passwordHash: await hashPassword(password), ...(apiKey !== undefined && { apiKey }) });
    if (made) this.logger.info('The first workspace and its owner were created.');
  }

  signOut(person: Person): Promise<unknown> { return this.access.endSession(person.userId, person.sessionId); }

  async account({ userId, role, workspaceId }: Principal): Promise<Account> {
    const [user, workspace] = await Promise.all([userId === null ? undefined : this.access.userById(userId), this.access.workspace(workspaceId)]);
    return { email: user?.email ?? null, role, hasPassword: user?.hasPassword ?? false, workspace: { id: workspace.id, name: workspace.name } };
  }

  /** Ends the person's other sessions. @throws Problem when the current password is wrong, or was too often */
  async changePassword({ userId, sessionId }: Person, current: string | undefined, password: string): Promise<void> {
    const user = await this.access.userById(userId);
    if (user?.hasPassword === true) {
      // Whoever sits at an open session must not find out the password.
      const key = `current ${userId}`;
      const seconds = await this.throttles.take({ key, free: FREE_TRIES });
      if (seconds > 0) throw new Problem({ status: 429, code: 'too_many_requests', title: 'Too many wrong passwords.', remedy: 'Wait, then try again.', retryAfterSeconds: seconds });
      if (!await passwordMatches(user.passwordHash, current ?? '')) throw invalid([{ field: 'current', message: 'This is not your current password.' }]);
      await this.throttles.forgive(key, true);
    }
    await this.access.setPassword(userId, await hashPassword(password), sessionId);
  }

  sessions({ userId }: Person): Promise<SessionEntity[]> { return this.access.sessions(userId); }

  async endSession({ userId }: Person, id: string): Promise<void> {
    if (!await this.access.endSession(userId, id)) throw notFound('session');
  }

  endSessions({ userId }: Person): Promise<void> { return this.access.endSessions(userId); }

  apiKeys(workspaceId: string, limit: number, before: string | undefined): Promise<ApiKeyEntity[]> { return this.access.apiKeys(workspaceId, limit, before); }

  /** The key itself is in this answer and nowhere else: null when a request is repeated. */
  createApiKey(workspaceId: string, name: string, role: Role, idempotencyKey: string | undefined): Promise<NewApiKey> {
    const find = async (id: string, key: string | null = null): Promise<NewApiKey> => {
      const row = await this.access.apiKey(workspaceId, id);
      if (row === undefined) throw notFound('API key');
      return { row, key };
    };
    return this.creates.once({
      workspaceId, route: 'POST /api-keys', key: idempotencyKey, body: { name, role }, find: (id) => find(id),
      make: async (idempotency) => {
        const key = `cs_${randomBytes(32).toString('base64url')}`;
        return find(await this.access.createApiKey(workspaceId, name, role, key, idempotency), key);
      },
    });
  }

  async revokeApiKey(workspaceId: string, id: string): Promise<void> {
    if (!await this.access.revokeApiKey(workspaceId, id)) throw notFound('API key');
  }

  /** Every workspace of a person; an API key has one. */
  async workspaces({ userId, workspaceId, role }: Principal): Promise<{ readonly id: string; readonly name: string; readonly role: Role; readonly current: boolean }[]> {
    if (userId === null) return [{ id: workspaceId, name: (await this.access.workspace(workspaceId)).name, role, current: true }];
    return (await this.access.workspacesOf(userId)).map((one) => ({ ...one, current: one.id === workspaceId }));
  }

  /** The person becomes its owner; the session stays where it is. */
  createWorkspace({ userId, workspaceId }: Person, name: string, idempotencyKey: string | undefined): Promise<{ readonly id: string; readonly name: string }> {
    const find = async (id: string): Promise<{ readonly id: string; readonly name: string }> => this.access.workspace(id);
    return this.creates.once({
      workspaceId, route: 'POST /workspaces', key: idempotencyKey, body: { name }, find,
      make: async (idempotency) => {
        const id = newId();
        await this.access.createWorkspace({ id, name }, userId, workspaceId, idempotency);
        return find(id);
      },
    });
  }

  async switchWorkspace({ sessionId }: Person, workspaceId: string): Promise<void> {
    if (!await this.access.switchWorkspace(sessionId, workspaceId)) throw notFound('workspace');
  }
}
