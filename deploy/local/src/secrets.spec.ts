import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSecrets } from './secrets.js';

const dir = mkdtempSync(join(tmpdir(), 'cs-secrets-'));
afterEach(() => { rmSync(dir, { recursive: true, force: true }); });

describe('the secrets of the local stack', () => {
  it('are made once, at random, for their owner only', () => {
    const first = loadSecrets(join(dir, 'a'));
    expect(loadSecrets(join(dir, 'a'))).toEqual(first);
    expect(loadSecrets(join(dir, 'b'))).not.toEqual(first);
    expect(statSync(join(dir, 'a', 'secrets.json')).mode & 0o777).toBe(0o600);
    const [, key = ''] = first.vaultKey.split(':');
    expect(Buffer.from(key, 'base64')).toHaveLength(32);
    expect(new Set(Object.values(first)).size).toBe(Object.keys(first).length);
  });

  it('of an older version get what it did not have, and keep the rest', () => {
    const { oauthClientSecret, ...old } = loadSecrets(join(dir, 'd'));
    writeFileSync(join(dir, 'd', 'secrets.json'), JSON.stringify(old));
    const now = loadSecrets(join(dir, 'd'));
    expect(now).toEqual({ ...old, oauthClientSecret: now.oauthClientSecret });
    expect(now.oauthClientSecret).not.toBe(oauthClientSecret);
    expect(loadSecrets(join(dir, 'd'))).toEqual(now);
  });

  it('that are damaged are never replaced by new ones, since the data could not be read any more', () => {
    loadSecrets(join(dir, 'c'));
    writeFileSync(join(dir, 'c', 'secrets.json'), '{"vaultKey":"x"}');
    expect(() => loadSecrets(join(dir, 'c'))).toThrow(/lacks postgresPassword, ownerPassword.*bring the file back/);
  });
});
