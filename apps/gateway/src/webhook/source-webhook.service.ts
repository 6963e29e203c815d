import { Inject, Injectable } from '@nestjs/common';
import { WebhookRepository, type WebhookDelivery, type WebhookSecret, type WebhookSummary } from '#persistence';
import { sealContext, type Vault } from '#vault';
import { GatewayConfig } from '../gateway.config.js';
import { Problem } from '../http/problem.js';
import { SourcesService } from '../sources/sources.service.js';
import { VAULT } from '../tokens.js';
import { newWebhookToken } from './webhook-token.js';

/** How long the secret before stays valid: what the partner signed with it is still on its way or being sent again. */
const OVERLAP_MS = 24 * 3_600_000;

export interface SourceWebhook {
  readonly url: string;
  /** When the last of the URLs before this one ends; null when none works any more. */
  readonly previousUntil: Date | null;
  readonly setup: readonly string[];
  readonly secrets: readonly Omit<WebhookSecret, 'sealed'>[];
}

@Injectable()
export class SourceWebhookService {
  constructor(
    private readonly webhooks: WebhookRepository, private readonly sources: SourcesService, @Inject(VAULT) private readonly vault: Vault, private readonly config: GatewayConfig,
  ) {}

  async get(workspaceId: string, sourceId: string): Promise<SourceWebhook> {
    const { source } = await this.sources.get(workspaceId, sourceId);
    const endpoint = await this.webhooks.endpoint(sourceId);
    if (endpoint === undefined) throw new Problem({ status: 404, code: 'not_found', title: 'This connector takes no webhooks.', remedy: 'Its records arrive by sync.' });
    const token = this.vault.open(endpoint.sealedToken, sealContext.webhookToken(sourceId));
    const secrets = await this.webhooks.secrets(sourceId);
    return {
      url: `${this.config.webhookPublicUrl.replace(/\/+$/, '')}/hooks/${token}`,
      previousUntil: endpoint.previousUntil,
      setup: this.sources.connector(source.connector).declaration.webhook?.setup ?? [],
      secrets: secrets.map(({ id, notBefore, notAfter }) => ({ id, notBefore, notAfter })),
    };
  }

  /** How the newest webhooks were answered, newest first, and the last 24 hours summed up. */
  async deliveries(workspaceId: string, sourceId: string, limit: number, before: string | undefined): Promise<{ readonly deliveries: (WebhookDelivery & { readonly id: string })[]; readonly summary: WebhookSummary }> {
    await this.sources.get(workspaceId, sourceId);
    const [deliveries, summary] = await Promise.all([this.webhooks.deliveries(sourceId, limit, before), this.webhooks.summary(sourceId)]);
    return { deliveries, summary };
  }

  async addSecret(workspaceId: string, sourceId: string, secret: string): Promise<SourceWebhook> {
    await this.get(workspaceId, sourceId);
    await this.webhooks.addSecret(sourceId, this.vault.seal(secret, sealContext.webhookSecret(sourceId)), OVERLAP_MS);
    return this.get(workspaceId, sourceId);
  }

  /** A new URL; those before it are taken for `overlapMs` more. */
  async rotateToken(workspaceId: string, sourceId: string, overlapMs: number): Promise<SourceWebhook> {
    await this.get(workspaceId, sourceId);
    const token = newWebhookToken();
    await this.webhooks.rotateToken(sourceId, token, this.vault.seal(token, sealContext.webhookToken(sourceId)), overlapMs);
    return this.get(workspaceId, sourceId);
  }
}
