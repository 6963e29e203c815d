import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CredentialRepository, SEALED_PLACES, migrate, newId, openDatabase, type DataSource } from '#persistence';
import { loadConfig } from '#platform';
import { testDatabase, type TestDatabase } from '#testing';
import { createVault, parseKeyRing, sealContext, type Vault } from '#vault';
import { RotateKeysConfig } from './rotate-keys.config.js';
import { rotateKeys } from './rotate-keys.job.js';

const key = (): string => randomBytes(32).toString('base64');
const [one, two] = [`k1:${key()}`, `k2:${key()}`];
const SOURCES = 450;
let test: TestDatabase;
let database: DataSource;
const vaultOf = (ring: string): Vault => createVault(parseKeyRing(ring));
const [old, both, fresh] = [vaultOf(one), vaultOf(`${two},${one}`), vaultOf(two)];
const ids = Array.from({ length: SOURCES }, () => newId());
const renewed = ids.slice(0, 20);

/** What the job printed, and the error it ended with. */
async function run(ring: string, ...args: readonly string[]): Promise<{ readonly text: string; readonly error: string | undefined }> {
  const config = loadConfig(RotateKeysConfig, { KAFKA_BROKERS: 'nobody:1', DATABASE_URL: test.url, VAULT_KEYS: ring }, () => '');
  let text = '';
  const error = await rotateKeys(config, args, (more) => { text += more; }).then(() => undefined, (thrown: unknown) => (thrown as Error).message);
  return { text, error };
}

beforeAll(async () => {
  test = await testDatabase();
  database = await openDatabase({ url: test.url, applicationName: 'spec', poolSize: 4 });
  await migrate(database);
  const [workspace, warehouse, client, authorization, grant, secret] = Array.from({ length: 6 }, () => newId()) as [string, string, string, string, string, string];
  await database.query(`insert into workspaces (id, name) values ($1, 'w')`, [workspace]);
  for (const id of ids) {
    await database.query(`insert into sources (id, workspace_id, connector, name, slug, start_date, interval_minutes, next_run_at) values ($1, $2, 'stripe', 's', $3, now(), 60, now())`, [id, workspace, `s_${id.replaceAll('-', '_')}`]);
    await database.query('insert into source_credentials (source_id, sealed) values ($1, $2)', [id, old.seal('{"secret":"0"}', sealContext.credentials(id))]);
    await database.query('insert into webhook_endpoints (token_hash, source_id, token_sealed) values ($1, $2, $3)', [`hash of ${id}`, id, old.seal('token', sealContext.webhookToken(id))]);
  }
  const [source] = ids as [string, ...string[]];
  await database.query('insert into webhook_secrets (id, source_id, sealed) values ($1, $2, $3)', [secret, source, old.seal('whsec', sealContext.webhookSecret(source))]);
  await database.query(`insert into warehouses (id, workspace_id, name, url_sealed, location) values ($1, $2, 'w', $3, 'l')`, [warehouse, workspace, old.seal('postgres://', sealContext.warehouseUrl(warehouse))]);
  await database.query(`insert into warehouse_readers (warehouse_id, role, sealed) values ($1, 'r', $2)`, [warehouse, old.seal('p', sealContext.warehouseReader(warehouse))]);
  await database.query(`insert into oauth_clients (id, connector, client_id, secret_sealed) values ($1, 'zendesk', 'c', $2)`, [client, old.seal('s', sealContext.oauthClient(client))]);
  await database.query(`insert into oauth_authorizations (id, state_hash, workspace_id, connector, client_id, sealed, redirect_uri, expires_at) values ($1, 'h', $2, 'zendesk', 'c', $3, 'r', now() + interval '1 hour')`,
    [authorization, workspace, old.seal('{}', sealContext.oauthAuthorization(authorization))]);
  await database.query(`insert into oauth_grants (id, workspace_id, connector, sealed, expires_at) values ($1, $2, 'zendesk', $3, now() + interval '1 hour')`, [grant, workspace, old.seal('{}', sealContext.oauthGrant(grant))]);
}, 60_000);
afterAll(async () => { await database.destroy(); await test.drop(); });

describe('rotate-keys', () => {
  it('knows every column of sealed text that there is', async () => {
    const found = await database.query<{ name: string }[]>(`select table_name || '.' || column_name as name from information_schema.columns where table_schema = 'public' and column_name like '%sealed%' order by 1`);
    expect(SEALED_PLACES.map(({ table, column }) => `${table}.${column}`).sort()).toEqual(found.map(({ name }) => name));
  });

  it('says what is to be done, and does nothing else, when it only checks', async () => {
    const { text, error } = await run(`${two},${one}`, '--check');
    expect(error).toMatch(/Still needed beside k2: k1\. Run rotate-keys/);
    expect(text).toMatch(new RegExp(`credentials +0 +0 +k1: ${SOURCES}`));
  });

  it('ends with an error, and harms nothing, when the old key isn\'t in the ring', async () => {
    expect((await run(two)).error).toMatch(/k1 is not in the key ring/);
    expect((await run(one, '--check')).error).toBeUndefined();
  });

  it('seals everything anew while credentials are renewed, and overwrites none of those', async () => {
    let going = true;
    // Services that still have the old order of keys.
    const services = new CredentialRepository(database, { backOffMs: 0 });
    const versions = new Map(renewed.map((id) => [id, 1]));
    let renewals = 0;
    const renewing = Promise.all(renewed.map(async (id) => {
      while (going) {
        const version = versions.get(id) ?? 1;
        const answer = await services.renew(id, version, async (sealed) => {
          const { secret } = JSON.parse(both.open(sealed, sealContext.credentials(id))) as { secret: string };
          expect(secret).toBe(String(version - 1)); // what the one before wrote
          return { state: 'renewed', sealed: vaultOf(`${one},${two}`).seal(JSON.stringify({ secret: String(version) }), sealContext.credentials(id)) };
        });
        if (answer.state !== 'current') throw new Error(answer.state);
        versions.set(id, answer.version);
        renewals += 1;
      }
    }));
    await run(`${two},${one}`);
    going = false;
    await renewing;
    expect(renewals).toBeGreaterThan(20);
    const { text, error } = await run(`${two},${one}`);
    expect(error).toBeUndefined();
    expect(text).toMatch(/You can remove: k1/);
    for (const id of ids) {
      const [{ sealed, version }] = await database.query('select sealed, version::integer as version from source_credentials where source_id = $1', [id]) as [{ sealed: string; version: number }];
      expect(JSON.parse(fresh.open(sealed, sealContext.credentials(id)))).toEqual({ secret: String(version - 1) });
      expect(version).toBe(versions.get(id) ?? 1);
    }
  }, 60_000);

  it('has nothing to do the second time, and the old key can go', async () => {
    const { text, error } = await run(two);
    expect(error).toBeUndefined();
    expect(text).toMatch(/Everything is sealed with k2\.\n$/);
    expect(text).not.toMatch(/k1/);
  });
});
