import type { VaultKeys } from './vault.js';

const KEY_BYTES = 32;

/**
 * `id:base64key` pairs, separated by commas or white space; the first is the current key, the others only open.
 * A single base64 key without an id gets the id `k1`.
 * @throws Error that says which entry is wrong, never its key.
 */
export function parseKeyRing(text: string): VaultKeys {
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== '');
  const keys: Record<string, Buffer> = {};
  entries.forEach((entry, index) => {
    const cut = entry.indexOf(':');
    const id = cut < 0 ? 'k1' : entry.slice(0, cut);
    const key = Buffer.from(cut < 0 ? entry : entry.slice(cut + 1), 'base64');
    if (cut < 0 && entries.length > 1) throw new Error(`Vault key ${index + 1} has no id. Write it as id:base64key.`);
    if (key.length !== KEY_BYTES) throw new Error(`Vault key ${index + 1} is not ${KEY_BYTES} bytes in base64. Make one with: openssl rand -base64 ${KEY_BYTES}`);
    if (id in keys) throw new Error(`Vault key id ${id} is there twice. Give every key an id of its own.`);
    keys[id] = key;
  });
  const current = Object.keys(keys)[0];
  if (current === undefined) throw new Error(`There is no vault key. Make one with: openssl rand -base64 ${KEY_BYTES}`);
  return { current, keys };
}
