import { createHash, timingSafeEqual } from 'node:crypto';
import type { WebhookHandler } from '#connector-kit';
import type { Notification } from './outbound-message.js';

const ACKNOWLEDGEMENT = '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
  + '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>';

const ORGANIZATION = /<OrganizationId>(\w{15,18})<\/OrganizationId>/;
const NOTIFICATION = /<Notification>\s*<Id>(\w{15,18})<\/Id>\s*<sObject\b[^>]*?\bxsi:type="(?:\w+:)?(\w+)"[^>]*>((?:(?!<Notification>)[\s\S])*?)<\/sObject>\s*<\/Notification>/g;
const FIELD = /<(?:\w+:)?(\w+)>([^<]*)<\/(?:\w+:)?\1>/g;
const SESSION = /<SessionId\b[^>]*>[^<]*<\/SessionId>/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: '\'' };

const text = (xml: string): string => xml.replace(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(\w{2,4}));/g, (whole, decimal: string | undefined, hex: string | undefined, name: string | undefined) => {
  const code = decimal !== undefined ? Number(decimal) : hex !== undefined ? parseInt(hex, 16) : undefined;
  if (code !== undefined) return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  return ENTITIES[name ?? ''] ?? whole;
});

function notifications(body: string): Notification[] {
  return [...body.matchAll(NOTIFICATION)].map(([, id = '', object = '', fields = '']) => ({
    id, object, fields: Object.fromEntries([...fields.matchAll(FIELD)].map(([, name = '', value = '']) => [name, text(value)])),
  }));
}

const hash = (value: string): Buffer => createHash('sha256').update(value).digest();
/** An id's last three of 18 characters only repeat the case of the others. */
const short = (id: string): string => id.slice(0, 15);

/**
 * Outbound messages: SOAP without a signature. What stands for one is the organization id, which must be that of the source's
 * org, and a URL that nobody can guess. Salesforce sends until it reads an acknowledgement, for 24 hours.
 */
export const webhook: WebhookHandler = {
  verify({ body }, secrets) {
    const organizations = secrets.filter((secret) => secret !== '');
    if (organizations.length === 0) return { ok: false, reason: 'no_secret' };
    const message = body.toString('utf8');
    const organization = ORGANIZATION.exec(message)?.[1];
    if (organization === undefined) return { ok: false, reason: 'missing_signature' };
    const sent = hash(short(organization));
    const secret = secrets.findIndex((known) => known !== '' && timingSafeEqual(hash(short(known)), sent));
    if (secret < 0) return { ok: false, reason: 'bad_signature' };
    const ids = [...message.matchAll(NOTIFICATION)].map(([, id = '']) => id);
    // The state is that of the moment of sending: a repeat may tell a newer one, and both are the same delivery.
    return { ok: true, deliveryId: ids.length === 1 && ids[0] !== undefined ? ids[0] : `sha256:${hash(ids.length === 0 ? message : ids.join()).toString('hex')}`, secret };
  },
  keep(body) {
    const message = body.toString('utf8');
    const found = notifications(message);
    // A session would let its finder in; nothing of the envelope is needed but what it tells.
    return found.length > 0
      ? { body: Buffer.from(JSON.stringify({ notifications: found })), recordsAt: 'notifications', contentType: 'application/json' }
      : { body: Buffer.from(message.replace(SESSION, '')), recordsAt: '', contentType: 'text/xml' };
  },
  acknowledgement: { contentType: 'text/xml; charset=utf-8', body: ACKNOWLEDGEMENT },
};
