import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { shown, type Org, type SalesforceRow } from './org.js';
import type { ObjectSchema } from './schema.js';

/** A workflow's message: these fields of a record go to this URL whenever it is created or updated. */
export interface OutboundMessage {
  readonly url: string;
  readonly object: string;
  readonly fields: readonly string[];
  /** Puts the session of the user who changed the record into the message. Default false. */
  readonly sessionId?: string;
}

export interface OutboundDelivery {
  readonly notificationIds: readonly string[];
  readonly url: string;
  readonly attempt: number;
  /** 0 when there was no answer. */
  readonly status: number;
  readonly acknowledged: boolean;
}

interface Waiting { readonly message: OutboundMessage; readonly notifications: Map<string, { readonly object: ObjectSchema; readonly id: string }>; attempt: number }

const MOST_NOTIFICATIONS = 100;
const escape = (text: string): string => text.replace(/[<>&"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/**
 * A SOAP message as Salesforce sends it. It has no signature.
 * @param notifications id of the notification (`04l…`), the record's type, its values as text; nulls are left out
 */
export function outboundEnvelope(orgId: string, url: string, notifications: readonly { readonly id: string; readonly type: string; readonly values: Readonly<Record<string, string>> }[], sessionId?: string): string {
  const records = notifications.map(({ id, type, values }) => `<Notification><Id>${id}</Id><sObject xsi:type="sf:${type}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">${
    Object.entries(values).map(([name, value]) => `<sf:${name}>${escape(value)}</sf:${name}>`).join('')}</sObject></Notification>`).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>`
    + `<notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>${orgId}</OrganizationId><ActionId>04k000000000001AAA</ActionId>${
      sessionId === undefined ? '<SessionId xsi:nil="true"/>' : `<SessionId>${escape(sessionId)}</SessionId>`}<EnterpriseUrl>${url}/services/Soap/c/64.0</EnterpriseUrl><PartnerUrl>${url}/services/Soap/u/64.0</PartnerUrl>`
    + `${records}</notifications></soapenv:Body></soapenv:Envelope>`;
}

/** Sends outbound messages until they are acknowledged. */
export class OutboundSender {
  readonly messages: OutboundMessage[] = [];
  readonly deliveries: OutboundDelivery[] = [];
  /** Before each further attempt, milliseconds; the last one repeats. */
  retryDelaysMs: readonly number[] = [1_000, 5_000, 30_000];
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly gathering = new Map<OutboundMessage, Waiting>();
  private counter = 0;
  private running = 0;
  private stopped = false;

  constructor(private readonly org: Org, private readonly instanceUrl: () => string) {
    org.observers.push((change, object, row) => { if (change === 'created' || change === 'updated') this.take(object, row); });
  }

  /** Resolves when nothing is under way; what waits for its next attempt is left out. */
  async idle(): Promise<void> {
    while (this.running > 0 || this.gathering.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
  }

  private take(object: ObjectSchema, row: SalesforceRow): void {
    for (const message of this.messages) {
      if (message.object !== object.name) continue;
      const waiting = this.gathering.get(message) ?? { message, notifications: new Map(), attempt: 1 };
      waiting.notifications.set(`04l${String(++this.counter).padStart(12, '0')}AAA`, { object, id: String(row.Id) });
      if (!this.gathering.has(message)) this.later(10, () => this.flush(message));
      this.gathering.set(message, waiting);
      if (waiting.notifications.size >= MOST_NOTIFICATIONS) this.flush(message);
    }
  }

  private flush(message: OutboundMessage): void {
    const waiting = this.gathering.get(message);
    this.gathering.delete(message);
    if (waiting !== undefined) this.send(waiting);
  }

  private send(waiting: Waiting): void {
    if (this.stopped) return;
    this.running++;
    const { message, notifications, attempt } = waiting;
    // The state when it is sent, not that of the change: earlier states are never told.
    const body = outboundEnvelope(this.org.id, this.instanceUrl(), [...notifications].map(([id, { object, id: record }]) => ({ id, type: object.name, values: this.values(message, object, record) })), message.sessionId);
    void post(message.url, body).then(({ status, text }) => {
      const acknowledged = status === 200 && /<Ack>\s*true\s*<\/Ack>/.test(text);
      this.deliveries.push({ notificationIds: [...notifications.keys()], url: message.url, attempt, status, acknowledged });
      const delay = this.retryDelaysMs[Math.min(attempt, this.retryDelaysMs.length) - 1];
      if (!acknowledged && delay !== undefined) this.later(delay, () => this.send({ ...waiting, attempt: attempt + 1 }));
    }).finally(() => { this.running--; });
  }

  private values({ fields }: OutboundMessage, object: ObjectSchema, id: string): Record<string, string> {
    const row = this.org.find(object.name, id) ?? { Id: id };
    return Object.fromEntries(['Id', ...fields].flatMap((name): [string, string][] => {
      const field = object.fields.get(name.toLowerCase());
      const value = field === undefined ? null : shown(row, field);
      // SOAP writes a time with Z, REST with +0000.
      return value === null || typeof value === 'object' ? [] : [[name, String(value).replace(/\+0000$/, 'Z')]];
    }));
  }

  private later(ms: number, act: () => void): void {
    if (this.stopped) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, ms);
    timer.unref();
    this.timers.add(timer);
  }
}

function post(url: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(url, {
      method: 'POST', timeout: 10_000, headers: { 'content-type': 'text/xml; charset=utf-8', 'content-length': Buffer.byteLength(body), soapaction: '""', accept: 'text/xml' },
    }, (response) => {
      let text = '';
      response.on('data', (part: Buffer) => { text += part.toString(); });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', () => resolve({ status: 0, text: '' }));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve({ status: 0, text: '' }));
    request.end(body);
  });
}
