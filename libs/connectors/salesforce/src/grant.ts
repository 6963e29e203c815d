import { createPrivateKey, sign } from 'node:crypto';
import { ConfigurationInvalidError } from '#contracts';
import type { Credentials } from '#connector-kit';

/** Salesforce takes assertions that end within three minutes. */
const LIFE_S = 120;

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const entered = (value: string | undefined): string | undefined => (value === undefined || value === '' ? undefined : value);

/** Whether these are the client credentials flow's. */
export const isClientGrant = ({ clientId, clientSecret, privateKey }: Credentials): boolean =>
  entered(clientId) !== undefined && entered(clientSecret) !== undefined && entered(privateKey) === undefined;

/**
 * Flows without a person: JWT bearer (an app's certificate, and a user who is pre-authorised for the app), and client credentials (an
 * app with a run-as user, at the org's own address only). Neither gives a refresh token.
 * @param now milliseconds since the epoch
 */
export function grant(credentials: Credentials, audience: string, now: number): Readonly<Record<string, string>> | undefined {
  const { clientSecret, privateKey, username } = credentials;
  const clientId = entered(credentials.clientId);
  if (clientId === undefined) return undefined;
  if (entered(privateKey) !== undefined && entered(username) !== undefined) {
    const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iss: clientId, sub: username, aud: audience, exp: Math.floor(now / 1_000) + LIFE_S })}`;
    return { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: `${text}.${signature(text, privateKey ?? '')}` };
  }
  return !isClientGrant(credentials) ? undefined : { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret ?? '' };
}

function signature(text: string, privateKey: string): string {
  try {
    const key = createPrivateKey(inLines(privateKey));
    if (key.asymmetricKeyType === 'rsa') return sign('RSA-SHA256', Buffer.from(text), key).toString('base64url');
  } catch { /* Its words may quote the key. */ }
  throw new ConfigurationInvalidError('The private key can not be read.', { remedy: 'Enter an RSA key in PEM, without a passphrase, whose certificate the app in Salesforce has.' });
}

/** An input of one line takes the line breaks out of a PEM that is pasted into it; without them no key can be read. */
const inLines = (pem: string): string =>
  pem.replace(/-----BEGIN ([A-Z ]+)-----(.+?)-----END \1-----/s, (_whole, label: string, body: string) =>
    `-----BEGIN ${label}-----\n${(body.replace(/\\n|\s/g, '').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`);
