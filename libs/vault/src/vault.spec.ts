import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createVault } from './vault.js';
import { parseKeyRing } from './key-ring.js';
import { sealContext } from './context.js';

const [one, two] = [randomBytes(32), randomBytes(32)];
const secret = `sk_test_${randomBytes(12).toString('hex')}`;
const context = sealContext.credentials('a');

describe('vault', () => {
  const vault = createVault({ current: 'k1', keys: { k1: one } });
  const rotated = createVault({ current: 'k2', keys: { k2: two, k1: one } });

  it('opens what it sealed, also when empty or not ASCII', () => {
    for (const text of [secret, '', 'größer 🔑']) expect(vault.open(vault.seal(text, context), context)).toBe(text);
  });

  it('never seals the same text to the same bytes and never shows it', () => {
    const [a, b] = [vault.seal(secret, context), vault.seal(secret, context)];
    expect(a).not.toBe(b);
    expect(a).not.toContain(secret);
    expect(Buffer.from(a.split('.')[2]!, 'base64url').toString('latin1')).not.toContain(secret);
  });

  it('refuses a text that was moved to another record or purpose', () => {
    const sealed = vault.seal(secret, context);
    expect(() => vault.open(sealed, sealContext.credentials('b'))).toThrow("can't be opened");
    expect(() => vault.open(sealed, sealContext.webhookSecret('a'))).toThrow("can't be opened");
  });

  it('refuses a changed text, at every byte', () => {
    const [format, id, body] = vault.seal('ab', context).split('.');
    const bytes = Buffer.from(body!, 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(() => vault.open(`${format}.${id}.${changed.toString('base64url')}`, context)).toThrow("can't be opened");
    }
    expect(() => vault.open('v1.k1.AAAA', context)).toThrow('cut');
    expect(() => vault.open(secret, context)).toThrow('not a sealed text');
  });

  it('opens with an old key, seals anew with the current one', () => {
    const old = vault.seal(secret, context);
    const fresh = rotated.reseal(old, context);
    expect(rotated.open(old, context)).toBe(secret);
    expect(fresh).toMatch(/^v1\.k2\./);
    expect(rotated.open(fresh, context)).toBe(secret);
    expect(rotated.reseal(fresh, context)).toBe(fresh);
    expect(() => vault.open(fresh, context)).toThrow('k2 is not in the key ring');
  });

  it('fingerprints by key', () => {
    expect(vault.fingerprint(secret)).toBe(vault.fingerprint(secret));
    expect(vault.fingerprint(secret)).not.toBe(rotated.fingerprint(secret));
    expect(vault.fingerprint(secret)).not.toBe(vault.fingerprint(`${secret}x`));
  });
});

describe('parseKeyRing', () => {
  it('takes the first key as the current one', () => {
    expect(parseKeyRing(`k2:${two.toString('base64')},k1:${one.toString('base64')}`)).toEqual({ current: 'k2', keys: { k2: two, k1: one } });
    expect(parseKeyRing(` ${one.toString('base64')}\n`)).toEqual({ current: 'k1', keys: { k1: one } });
  });

  it('names what is wrong without the key', () => {
    const short = randomBytes(16).toString('base64');
    expect(() => parseKeyRing(`a:${short}`)).toThrow('Vault key 1 is not 32 bytes');
    expect(() => parseKeyRing(`a:${short}`)).not.toThrow(short);
    expect(() => parseKeyRing(' ')).toThrow('no vault key');
    expect(() => parseKeyRing(`a:${one.toString('base64')} a:${two.toString('base64')}`)).toThrow('there twice');
    expect(() => parseKeyRing(`${one.toString('base64')} ${two.toString('base64')}`)).toThrow('has no id');
  });
});
