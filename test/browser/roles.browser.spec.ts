import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Locator } from 'playwright-core';
import { startIdentityProvider, startStripeSimulator, type IdentityProviderSimulator } from '#testing';
import { gatewayUrl } from '../../deploy/local/src/services.js';
import type { Source } from '../e2e/support/api.js';
import { Product } from '../e2e/support/product.js';
import type { Person } from './browser.js';
import { everyPath } from './routes.js';
import { looksWell, signedIn, stage } from './stage.js';

/** Several people at one product: who is invited, and what each role is shown. */
const INVITED = { email: 'viewer@acme.example', password: 'the password of a viewer' };

const begins = stage();
let product: Product;
let provider: IdentityProviderSimulator;
let owner: Person;
let viewer: Person;
let source: Source;
let warehouseId: string;

beforeAll(async () => {
  provider = await begins(startIdentityProvider());
  product = await begins(Product.start({ services: ['gateway'], env: { OIDC_ISSUER: provider.issuer, OIDC_CLIENT_ID: provider.clientId, OIDC_CLIENT_SECRET: provider.clientSecret, OIDC_NAME: 'Acme', OIDC_ALLOWED_DOMAINS: 'acme.example' } }));
  warehouseId = await product.connectWarehouse();
  const partner = await begins(startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 1, days: 1 } }));
  source = await product.createStripe(partner.url, { name: 'Shop', collections: ['customers'] });
  owner = await signedIn(begins, product);
  viewer = await owner.other();
}, 300_000);

const ID = /[0-9a-f-]{36}/g;
const MUTATING = /^(add|connect|create|new|invite|remove|revoke|delete|save|rename|pause|resume|sync now|withdraw|replay|discard|enable|disable|test|move|run |compute|rotate|make|reconnect|read anew|cancel|measure|try it|retry|send|verify|change (?!the password)|apply|store|preview)/i;

const namesOf = async (controls: Locator): Promise<string[]> => controls.evaluateAll((elements) => elements.map((element) => (element.getAttribute('aria-label') ?? (element as unknown as { innerText: string }).innerText).trim()));

/** Every page, with one of everything on it. */
async function pagesOfTheConsole(): Promise<string[]> {
  const made = async (path: string, body: object): Promise<string> => (await product.api.post<{ id: string }>(path, body)).id;
  const destinationId = await made('destinations', { kind: 'webhook', name: 'Billing tool', url: 'https://example.com/hook' });
  const measure = { warehouseId, name: 'One', sql: 'select now() as at, 1 as value' };
  const model = { warehouseId, name: 'One', statement: `select 'a' as user_id, 1 as value`, intervalMinutes: null };
  const of: Readonly<Record<string, string>> = {
    '/metrics': await made('metrics', measure), '/segments': await made('segments', { ...measure, sql: `select 'a' as user_id` }),
    '/audiences/traits': await made('traits', model), '/audiences': await made('audiences', { ...model, name: 'Two', statement: `select 'a' as user_id` }),
  };
  const [run] = await product.runsOf(source.id);
  await product.control.rows(`insert into dead_letters (id, workspace_id, source_id, service, reason, message, topic, partition, kafka_offset, letter_topic, letter_partition, letter_offset, headers, at)
    select gen_random_uuid(), id, $1, 'normalizer', 'not_json', 'it is none', 'raw.stripe', 0, 0, 'dead-letter.normalizer', 0, 0, '{}', now() from workspaces limit 1`, [source.id]);
  const values: Readonly<Record<string, string | undefined>> = { sourceId: source.id, warehouseId, destinationId, runId: run?.id, connector: 'stripe', kind: 'webhook' };
  return everyPath((name, path) => values[name] ?? of[path.slice(0, path.lastIndexOf('/'))]).filter((path) => path !== '/sign-in' && path !== '/invitation');
}

describe('members', () => {
  it('are invited by an owner, and accept in their own browser', async () => {
    const { page } = owner;
    await owner.goes('/settings/members');
    await page.getByLabel('E-mail of the new member').fill(INVITED.email);
    await page.getByRole('button', { name: 'Invite', exact: true }).click();
    const link = await page.getByRole('dialog').getByText(/\/invitation#/).innerText();
    expect([await owner.violations(), await owner.overflow()]).toEqual([[], 0]);
    await owner.picture('invitation-made');
    const { pathname, hash } = new URL(link);
    await viewer.goes(`${pathname}${hash}`);
    await viewer.page.getByText(product.owner).waitFor();
    expect(await viewer.violations()).toEqual([]);
    await viewer.picture('invitation');
    await viewer.page.getByLabel(/^Choose a password/).fill(INVITED.password);
    await viewer.page.getByRole('button', { name: 'Join Demo' }).click();
    await viewer.page.waitForURL((url) => url.pathname === '/');
    await viewer.settled();
    // The link is used up.
    const other = await owner.other();
    await other.goes(`${pathname}${hash}`);
    await other.page.getByText('This invitation is not valid any more.').waitFor();
    await other.context.close();
  }, 180_000);

  it('who are viewers see no control that they may not use, on any page', async () => {
    const { page } = viewer;
    const refused: string[] = [];
    page.on('response', (response) => { if (response.status() === 403) refused.push(`${new URL(page.url()).pathname}: ${response.request().method()} ${new URL(response.url()).pathname}`.replaceAll(ID, 'x')); });
    const wrong: string[] = [];
    const tried = new Set<string>();
    for (const path of await pagesOfTheConsole()) {
      await viewer.goes(path);
      const plain = path.replaceAll(ID, 'x');
      const offered = page.locator('main').locator('button:enabled:not([role=tab]):not([aria-hidden]):visible, a[role=button]:visible, a.mantine-Button-root:visible');
      for (const [index, name] of (await namesOf(offered)).entries()) {
        if (MUTATING.test(name)) wrong.push(`${plain}: ${name}`);
        // What is harmless by its name is pressed, once: nothing that it asks for may be refused.
        if (tried.has(name) || await offered.nth(index).evaluate((element) => element.tagName === 'A')) continue;
        tried.add(name);
        await offered.nth(index).click();
        await viewer.goes(path);
      }
    }
    expect(wrong).toEqual([]);
    // Both hold what only editors may see, and say so.
    expect([...new Set(refused)].sort()).toEqual(['/notifications: GET /api/v1/notifications', '/sources/x/webhook: GET /api/v1/sources/x/webhook']);
    expect(tried.size).toBeGreaterThan(0);
    await viewer.goes('/settings/members');
    await page.getByText('Only owners invite members and change roles.').waitFor();
    await viewer.picture('viewer-members');
    expect(viewer.troubles).toEqual([]);
  }, 600_000);

  it('may do more at once when an owner says so, and are out at once when they are removed', async () => {
    const { page } = owner;
    await owner.goes('/settings/members');
    await page.getByRole('combobox', { name: `Role of ${INVITED.email}` }).click();
    await page.getByRole('option', { name: 'editor' }).click();
    await page.getByText('The role counts from now on.').waitFor();
    await viewer.goes(`/sources/${source.id}`);
    await viewer.page.getByRole('button', { name: 'Pause' }).waitFor();
    await owner.picture('members');
    await page.getByRole('button', { name: `Remove ${INVITED.email}` }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('button', { name: `Remove ${INVITED.email}` }).waitFor({ state: 'detached' });
    await viewer.page.goto(`${gatewayUrl(product.ports)}/sources`);
    await viewer.page.waitForURL((url) => url.pathname === '/sign-in');
  }, 180_000);
});

describe('an account', () => {
  it('is linked to an identity provider by its person, who then signs in without the password', async () => {
    const { page } = owner;
    await product.control.rows(`update users set email = 'owner@acme.example' where email = $1`, [product.owner]);
    provider.person = { sub: 'o', email: 'owner@acme.example', email_verified: true };
    await viewer.goes('/sign-in');
    await viewer.page.getByRole('link', { name: 'Sign in with Acme' }).click();
    await viewer.page.getByText(/An account with your e-mail is there already/).waitFor();
    expect(await viewer.violations()).toEqual([]);
    await viewer.picture('sign-in');
    await owner.goes('/settings/account');
    await page.getByRole('link', { name: 'Link your account' }).click();
    await page.getByText('Linked to owner@acme.example.').waitFor();
    await owner.picture('account');
    await viewer.page.getByRole('link', { name: 'Sign in with Acme' }).click();
    await viewer.page.waitForURL((url) => url.pathname === '/');
  }, 180_000);

  it('moves between its workspaces, and nothing of one is seen in the other', async () => {
    const { page } = owner;
    await owner.goes('/settings');
    await page.getByLabel('Name of the new workspace').fill('Second');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('button', { name: 'Switch to Second' }).click();
    await page.waitForURL((url) => url.pathname === '/');
    await owner.goes('/sources');
    expect(await page.locator('main').innerText()).not.toContain('Shop');
    await page.getByRole('button', { name: 'Workspace Second' }).click();
    await page.getByRole('menuitem', { name: 'Demo' }).click();
    await page.waitForURL((url) => url.pathname === '/');
    await owner.goes('/sources');
    await page.getByText('Shop').first().waitFor();
  }, 180_000);

  it('is in the audit log with what it did', async () => {
    const { page } = owner;
    await owner.goes('/settings/audit-log');
    for (const what of ['Invite somebody', 'Change a member\'s role', 'Remove a member', 'Link an identity provider', 'Create a workspace']) await page.getByRole('cell', { name: new RegExp(`^${what}`) }).first().waitFor();
    await owner.picture('audit-log');
    await page.getByRole('combobox', { name: 'Outcome' }).click();
    await page.getByRole('option', { name: 'refused' }).click();
    await page.getByRole('cell', { name: /^Invite somebody/ }).first().waitFor({ state: 'detached' });
  }, 120_000);
});

looksWell('every page of the settings', () => ({ product, person: owner, email: 'owner@acme.example', paths: ['/settings', '/settings/members', '/settings/api-keys', '/settings/audit-log', '/settings/account'] }));
