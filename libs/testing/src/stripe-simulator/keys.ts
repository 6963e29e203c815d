import { randomBytes } from 'node:crypto';
import { StripeApiError } from './stripe-error.js';

/** What a key may do; `all` for a secret key, else names such as `rak_customer_read`. */
type Permissions = 'all' | ReadonlySet<string>;

/** The account's API keys. */
export class ApiKeys {
  private readonly keys = new Map<string, Permissions>();
  private readonly revoked = new Set<string>();

  constructor(private readonly accountId: string) {}

  /** A secret key; one of random bytes unless it is given. */
  secret(key = `sk_test_${randomBytes(24).toString('hex')}`): string {
    this.keys.set(key, 'all');
    return key;
  }

  /** A restricted key with permissions such as `rak_customer_read`; `_write` includes `_read`. */
  restricted(permissions: readonly string[], key = `rk_test_${randomBytes(24).toString('hex')}`): string {
    this.keys.set(key, new Set(permissions.flatMap((name) => name.endsWith('_write') ? [name, name.replace(/_write$/, '_read')] : [name])));
    return key;
  }

  /** From now on the key is answered like one that was rolled. */
  revoke(key: string): void {
    this.revoked.add(key);
  }

  /** @throws StripeApiError 401 */
  authenticate(authorization: string | undefined): string {
    const key = credential(authorization);
    if (key === undefined) {
      throw unauthorized("You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').");
    }
    if (this.revoked.has(key)) throw unauthorized(`Expired API Key provided: ${masked(key)}`, 'api_key_expired');
    if (!this.keys.has(key)) throw unauthorized(`Invalid API Key provided: ${masked(key)}`);
    return key;
  }

  /** @param permission e.g. `rak_customer_read` @throws StripeApiError 403 */
  authorize(key: string, permission: string): void {
    const allowed = this.keys.get(key);
    if (allowed === 'all' || allowed?.has(permission)) return;
    throw new StripeApiError(403, 'invalid_request_error', `The provided key '${key.slice(0, 8)}${'*'.repeat(20)}${key.slice(-6)}' does not have the required permissions for this endpoint on account '${this.accountId}'. Having the '${permission}' permission would allow this request to continue.`);
  }
}

function credential(authorization: string | undefined): string | undefined {
  const [scheme, value] = authorization?.split(' ') ?? [];
  if (value === undefined || value === '') return undefined;
  if (scheme?.toLowerCase() === 'bearer') return value;
  return scheme?.toLowerCase() === 'basic' ? Buffer.from(value, 'base64').toString().split(':')[0] : undefined;
}

const masked = (key: string): string => key.length < 12 ? '*'.repeat(key.length) : `${key.slice(0, 8)}${'*'.repeat(Math.min(20, key.length - 12))}${key.slice(-4)}`;
const unauthorized = (message: string, code?: string): StripeApiError =>
  new StripeApiError(401, 'invalid_request_error', message, code, undefined, { 'www-authenticate': 'Bearer realm="Stripe"' });
