import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isoSeconds, type ZendeskAccount, type ZendeskChange } from './account.js';

export interface ZendeskWebhook {
  readonly url: string;
  readonly secret: string;
  /** Event types that it is subscribed to, such as `zen:event-type:user.created`; default all. */
  readonly subscriptions?: readonly string[];
}

export interface ZendeskDelivery {
  readonly eventId: string;
  readonly type: string;
  readonly url: string;
  readonly attempt: number;
  /** 0 when there was no answer. */
  readonly status: number;
}

/** The signature header: HMAC-SHA256 in base64 over the timestamp's text and the body, without anything between them. */
export const zendeskSignature = (body: string, secret: string, timestamp: string): string => createHmac('sha256', secret).update(timestamp + body).digest('base64');

const DOMAINS: Readonly<Record<string, { readonly subject: string; readonly version: string; readonly fields: readonly string[] }>> = {
  users: { subject: 'user', version: '2022-06-20', fields: ['created_at', 'email', 'external_id', 'default_group_id', 'id', 'organization_id', 'role', 'updated_at'] },
  organizations: { subject: 'organization', version: '2022-06-20', fields: ['created_at', 'external_id', 'group_id', 'id', 'name', 'shared_comments', 'shared_tickets', 'updated_at'] },
  tickets: {
    subject: 'ticket', version: '2022-11-06',
    fields: ['actor_id', 'assignee_id', 'brand_id', 'created_at', 'custom_status', 'description', 'external_id', 'form_id', 'group_id', 'id', 'is_public', 'organization_id', 'priority', 'requester_id', 'status', 'subject', 'submitter_id', 'tags', 'type', 'updated_at', 'via'],
  },
};

/** The body of an event webhook; undefined for what Zendesk has no such events for. */
export function eventBody(account: ZendeskAccount, { resource, type, object, event }: ZendeskChange): Record<string, unknown> | undefined {
  const domain = DOMAINS[resource];
  if (domain === undefined) return undefined;
  const detail = Object.fromEntries(domain.fields.map((name) => [name, shown(resource, name, object)]));
  return {
    type: `zen:event-type:${type}`, account_id: 12_345_678, id: randomUUID(), time: new Date(account.now() * 1_000 + (account.clock.now() % 1_000)).toISOString(),
    zendesk_event_version: domain.version, subject: `zen:${domain.subject}:${object.id}`, detail, event,
  };
}

/** Ids are texts; users have `"0"` for none and tickets null; tickets shout. */
function shown(resource: string, name: string, object: Readonly<Record<string, unknown>>): unknown {
  if (name === 'via') return { channel: 'api' };
  const value = name === 'form_id' ? object['ticket_form_id'] : object[name];
  if (name === 'external_id') return value ?? '';
  if (name === 'id' || name.endsWith('_id')) return value === null || value === undefined ? (resource === 'users' ? '0' : null) : String(value);
  return ['status', 'priority', 'type'].includes(name) && typeof value === 'string' ? value.toUpperCase() : value ?? null;
}

interface Waiting { readonly webhook: ZendeskWebhook; readonly eventId: string; readonly type: string; readonly body: string; readonly invocation: string; attempt: number }

/** Sends what changes in the account to its webhooks, at once and in order; 409, and 429 or 503 with a short `Retry-After`, are repeated up to three times. */
export class ZendeskWebhooks {
  readonly webhooks: ZendeskWebhook[] = [];
  readonly deliveries: ZendeskDelivery[] = [];
  /** Every event is sent this often. */
  copies = 1;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 16 });
  private running = 0;
  private stopped = false;

  constructor(private readonly account: ZendeskAccount) {
    account.observers.push((change) => { this.send(change); });
  }

  /** @returns the webhook with its secret, made of random bytes when none is given */
  add(webhook: Omit<ZendeskWebhook, 'secret'> & { readonly secret?: string }): ZendeskWebhook {
    const whole = { ...webhook, secret: webhook.secret ?? randomBytes(32).toString('base64') };
    this.webhooks.push(whole);
    return whole;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.running > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  stop(): void {
    this.stopped = true;
    this.agent.destroy();
  }

  private send(change: ZendeskChange): void {
    if (this.webhooks.length === 0) return;
    const event = eventBody(this.account, change);
    if (event === undefined) return;
    const type = String(event['type']);
    for (const webhook of this.webhooks) {
      if (webhook.subscriptions?.includes(type) === false) continue;
      for (let copy = 0; copy < this.copies; copy++) void this.deliver({ webhook, eventId: String(event['id']), type, body: JSON.stringify(event), invocation: randomBytes(13).toString('hex').toUpperCase(), attempt: 1 });
    }
  }

  private async deliver(waiting: Waiting): Promise<void> {
    this.running++;
    try {
      for (; !this.stopped; waiting.attempt++) {
        const { status, retryAfter } = await this.post(waiting);
        this.deliveries.push({ eventId: waiting.eventId, type: waiting.type, url: waiting.webhook.url, attempt: waiting.attempt, status });
        const again = status === 409 || ((status === 429 || status === 503) && retryAfter !== undefined && retryAfter <= 60);
        if (!again || waiting.attempt > 3) return;
        await new Promise((resolve) => { setTimeout(resolve, status === 409 ? 10 : (retryAfter ?? 0) * 1_000).unref(); });
      }
    } finally {
      this.running--;
    }
  }

  private post({ webhook, body, invocation }: Waiting): Promise<{ readonly status: number; readonly retryAfter?: number }> {
    // Real time, because receivers compare with theirs.
    const timestamp = isoSeconds(Math.floor(Date.now() / 1_000));
    const secure = webhook.url.startsWith('https:');
    return new Promise((resolve) => {
      const request = (secure ? httpsRequest : httpRequest)(webhook.url, {
        method: 'POST', timeout: 10_000, ...(secure ? {} : { agent: this.agent }),
        headers: {
          'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body), 'user-agent': 'Zendesk Webhook', 'x-zendesk-webhook-id': 'SIMULATEDWEBHOOK',
          'x-zendesk-webhook-invocation-id': invocation, 'x-zendesk-account-id': '12345678',
          'x-zendesk-webhook-signature': zendeskSignature(body, webhook.secret, timestamp), 'x-zendesk-webhook-signature-timestamp': timestamp,
        },
      }, (response) => {
        response.resume();
        const wait = response.headers['retry-after'];
        response.on('end', () => { resolve({ status: response.statusCode ?? 0, ...(wait !== undefined && { retryAfter: Number(wait) }) }); });
        response.on('error', () => { resolve({ status: 0 }); });
      });
      request.on('timeout', () => request.destroy(new Error('no answer in time')));
      request.on('error', () => { resolve({ status: 0 }); });
      request.end(body);
    });
  }
}
