import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const FORMAT = 'v1';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

export interface VaultKeys {
  /** Id of the key that seals. */
  readonly current: string;
  /** Key id (`[A-Za-z0-9_-]+`) to 32 bytes. Every key opens what it sealed. */
  readonly keys: Readonly<Record<string, Buffer>>;
}

export interface Vault {
  /** AES-256-GCM under the current key: `v1.<key id>.<base64url of iv, tag and cipher text>`. See `sealContext`. */
  seal(plaintext: string, context: string): string;
  /** @throws Error when the key isn't in the ring, or when the text was changed or belongs to another context. */
  open(sealed: string, context: string): string;
  /** The same text under the current key; returned as it is when that key sealed it. @throws as `open` does. */
  reseal(sealed: string, context: string): string;
  /** Keyed hash: equal for equal texts, useless without the key. For comparing texts that may hold secrets. */
  fingerprint(text: string): string;
}

/** @throws Error when a key isn't 32 bytes, an id is malformed, or the current key is missing. */
export function createVault({ current, keys }: VaultKeys): Vault {
  for (const [id, key] of Object.entries(keys)) {
    if (!/^[A-Za-z0-9_-]+$/.test(id)) throw new Error('A vault key id may only hold letters, digits, _ and -.');
    if (key.length !== KEY_BYTES) throw new Error(`Vault key ${id} is not ${KEY_BYTES} bytes long.`);
  }
  const currentKey = keys[current];
  if (currentKey === undefined) throw new Error(`The current vault key ${current} is not in the key ring.`);
  const fingerprintKey = Buffer.from(hkdfSync('sha256', currentKey, Buffer.alloc(0), 'cloud-sources fingerprint', KEY_BYTES));

  // The format and the key id are authenticated too, so neither can be exchanged.
  const aad = (keyId: string, context: string): Buffer => Buffer.from(`${FORMAT}\n${keyId}\n${context}`);

  const seal = (plaintext: string, context: string): string => {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', currentKey, iv).setAAD(aad(current, context));
    const text = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
    return `${FORMAT}.${current}.${Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url')}`;
  };

  const open = (sealed: string, context: string): string => {
    const [format, keyId, body, ...rest] = sealed.split('.');
    if (format !== FORMAT || keyId === undefined || body === undefined || rest.length > 0) throw new Error('This is not a sealed text of the vault.');
    const key = Object.hasOwn(keys, keyId) ? keys[keyId] : undefined;
    if (key === undefined) throw new Error(`The vault key ${keyId} is not in the key ring. Add it back (behind the current one) until everything is sealed anew.`);
    const bytes = Buffer.from(body, 'base64url');
    if (bytes.length < IV_BYTES + TAG_BYTES) throw new Error('This sealed text is cut.');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(aad(keyId, context)).setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
    } catch {
      throw new Error(`A sealed text can't be opened as ${context}: it was changed, belongs elsewhere, or key ${keyId} is another one than it was.`);
    }
  };

  return {
    seal,
    open,
    reseal: (sealed, context) => {
      const plaintext = open(sealed, context);
      return sealed.startsWith(`${FORMAT}.${current}.`) ? sealed : seal(plaintext, context);
    },
    fingerprint: (text) => createHmac('sha256', fingerprintKey).update(text).digest('base64url'),
  };
}
