import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Locator } from 'playwright-core';
import { randomName, startStripeSimulator } from '#testing';
import { eventually } from '../e2e/support/eventually.js';
import { Product } from '../e2e/support/product.js';
import type { Person } from './browser.js';
import { looksWell, signedIn, stage } from './stage.js';

/** An analyst's way: the tables, a query with its mistakes, an audience and a trait that keep themselves up to date. */
const begins = stage();
let product: Product;
let analyst: Person;
let warehouseId: string;
const login = randomName();

/** Writes into the editor as a person does who doesn't want its proposals. */
async function write(editor: Locator, text: string): Promise<void> {
  await editor.click();
  await editor.press('Control+a');
  await editor.page().keyboard.insertText(text);
  await editor.press('Escape');
}
const editor = (label: string): Locator => analyst.page.getByRole('textbox', { name: label, exact: true });

beforeAll(async () => {
  product = await begins(Product.start({ env: { LOADER_REFRESH_MS: '500' } }));
  const partner = await begins(startStripeSimulator({ apiKey: product.secrets.simulatorKey, data: { customers: 30, days: 60 } }));
  warehouseId = await product.connectWarehouse();
  const source = await product.createStripe(partner.url, { name: 'Shop', slug: 'shop', collections: ['customers'], intervalMinutes: 1_440, warehouseId });
  await product.newestRunEnds(source.id);
  await eventually('the customers are in the warehouse', async () => (await product.warehouse.count('shop', 'customers') >= 30 ? true : undefined), product);
  analyst = await signedIn(begins, product);
}, 300_000);

describe('SQL', () => {
  it('is written with the warehouse\'s names, and run by keyboard', async () => {
    const { page } = analyst;
    await analyst.goes(`/warehouses/${warehouseId}`);
    await page.getByRole('button', { name: /^customers\b.*rows?/ }).first().waitFor();
    await page.getByRole('tab', { name: 'SQL' }).click();
    await editor('SQL').click();
    await editor('SQL').pressSequentially('select id, email from shop.custom');
    await page.getByRole('option', { name: 'customers', exact: true }).waitFor();
    await write(editor('SQL'), 'select id, email, created from shop.customers order by created');
    await page.keyboard.press('Control+Enter');
    await page.getByText(/^30 rows in /).waitFor();
    await page.getByRole('columnheader', { name: /^email/ }).waitFor();
    await analyst.picture('sql');
  }, 180_000);

  it('shows as a chart what has numbers', async () => {
    const { page } = analyst;
    await write(editor('SQL'), 'select currency, count(*) as customers from shop.customers group by 1');
    await page.keyboard.press('Control+Enter');
    await page.getByText('Chart', { exact: true }).click();
    await page.locator('.recharts-surface').first().waitFor();
  }, 120_000);

  it('marks the place that is wrong, and says what to do', async () => {
    const { page } = analyst;
    await write(editor('SQL'), 'select emial from shop.customers');
    await page.keyboard.press('Control+Enter');
    expect(await page.getByRole('alert').innerText()).toMatch(/PostgreSQL: column "emial" does not exist\s+Perhaps you meant/);
    expect(await page.locator('.cm-wrong').innerText()).toBe('emial');
    await write(editor('SQL'), 'delete from shop.customers');
    await page.keyboard.press('Control+Enter');
    await page.getByText('DELETE is not run here: this is for reading.').waitFor();
    expect(await product.warehouse.count('shop', 'customers')).toBeGreaterThanOrEqual(30);
  }, 120_000);

  it('is cancelled, kept, listed and exported', async () => {
    const { page } = analyst;
    await write(editor('SQL'), 'select pg_sleep(50)');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('The warehouse has stopped it too.').waitFor();
    await write(editor('SQL'), 'select id from shop.customers');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByLabel(/^Name/).fill('Everybody');
    await page.getByRole('button', { name: 'Save the query' }).click();
    await page.getByRole('tab', { name: 'Saved' }).click();
    await page.getByRole('cell', { name: 'Everybody', exact: true }).waitFor();
    await page.getByRole('tab', { name: 'History' }).click();
    await page.getByText('cancelled').first().waitFor();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByRole('menuitem', { name: 'CSV' }).click();
    expect((await download).suggestedFilename()).toBe('query.csv');
    await page.getByText('The file has 30 rows.').waitFor();
  }, 180_000);
});

describe('an audience', () => {
  it('is previewed, created, and computed by itself', async () => {
    const { page } = analyst;
    await analyst.goes('/audiences');
    await page.getByRole('link', { name: 'New audience' }).first().click();
    await page.getByLabel(/^Name/).fill('Everybody');
    await write(editor('Query'), 'select id from shop.customers');
    await page.getByRole('button', { name: 'Create the audience' }).click();
    await page.getByText('The query has no column user_id.', { exact: false }).waitFor();
    await write(editor('Query'), 'select id as user_id from shop.customers');
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText('It finds 30 users now.').waitFor();
    await page.getByRole('button', { name: 'Create the audience' }).click();
    await page.waitForURL((url) => /^\/audiences\/[0-9a-f-]{36}$/.test(url.pathname));
    await page.getByText('up to date').waitFor();
    await page.getByRole('table', { name: 'Members' }).getByText(/^cus_/).first().waitFor();
    expect(await product.warehouse.count('audiences', 'everybody')).toBe(30);
  }, 180_000);

  it('shows how its size changed, and why a computation failed', async () => {
    const { page } = analyst;
    await product.warehouse.rows(`delete from shop.customers where id in (select id from shop.customers limit 3)`);
    await page.getByRole('button', { name: 'Compute now' }).click();
    await page.getByRole('heading', { name: 'Size over time' }).waitFor();
    await page.locator('.recharts-surface').first().waitFor();
    await analyst.picture('audience');
    expect(await product.warehouse.count('audiences', 'everybody')).toBe(27);
    await product.warehouse.rows('alter table shop.customers rename to gone');
    await page.getByRole('button', { name: 'Compute now' }).click();
    await page.getByText('PostgreSQL: relation "shop.customers" does not exist').first().waitFor();
    await page.getByText('Members are as they were', { exact: false }).waitFor();
    await product.warehouse.rows('alter table shop.gone rename to customers');
    expect(await product.warehouse.count('audiences', 'everybody')).toBe(27);
  }, 240_000);

  it('that can\'t be deleted says what holds it, and is given up only on purpose', async () => {
    const { page } = analyst;
    for (const slug of ['held', 'stuck']) {
      const { id } = await product.api.post<{ id: string }>('audiences', { name: slug, slug, statement: 'select id as user_id from shop.customers', intervalMinutes: null });
      await eventually('it is computed', async () => ((await product.api.get<{ lastSuccess: object | null }>(`audiences/${id}`)).lastSuccess ?? undefined), product);
      await product.warehouse.rows(`create view shop.sees_${slug} as select * from audiences.${slug}`);
      if (slug === 'held') await analyst.goes(`/audiences/${id}`); else await product.api.delete(`audiences/${id}`);
    }
    await page.getByRole('tab', { name: 'Query and schedule' }).click();
    // The form above the button moves it when it comes.
    await editor('Query').waitFor();
    await analyst.settled();
    await page.getByRole('button', { name: 'Delete this audience' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByRole('row', { name: /held.*deleting/ }).waitFor();
    await page.getByRole('link', { name: 'held' }).click();
    await page.getByText('views or other things depend on its table audiences.held', { exact: false }).first().waitFor();
    await page.getByRole('button', { name: 'Give it up' }).click();
    const dialog = page.getByRole('dialog');
    expect(await dialog.getByRole('button', { name: 'Give it up' }).isDisabled()).toBe(true);
    await dialog.getByRole('textbox').fill('held');
    await dialog.getByRole('button', { name: 'Give it up' }).click();
    await page.getByRole('row', { name: /stuck.*deleting/ }).waitFor();
    await page.getByRole('row', { name: /held/ }).waitFor({ state: 'detached' });
    expect(await product.warehouse.count('audiences', 'held')).toBe(27);
  }, 240_000);
});

describe('a login for SQL', () => {
  it('that an administrator made is entered in the settings; what is wrong with it is said with the statement that mends it', async () => {
    const { page } = analyst;
    const word = product.secrets.ownerPassword;
    await analyst.goes(`/warehouses/${warehouseId}/settings`);
    await page.getByText('CREATE ROLE "cs_reader" LOGIN PASSWORD').waitFor();
    await page.getByRole('textbox', { name: 'Login' }).fill(login);
    await page.locator('input[autocomplete=new-password]').fill(word);
    await page.getByRole('button', { name: 'Test and save' }).click();
    await page.getByRole('alert').filter({ hasText: `There is no login ${login} for SQL.` }).first().waitFor();
    await product.warehouse.rows(`create role ${login} login password '${word}'`);
    await page.getByRole('button', { name: 'Test and save' }).click();
    await page.getByText('which an administrator made').waitFor();
    await page.getByRole('button', { name: 'Test', exact: true }).click();
    await page.getByText('It works', { exact: true }).waitFor();
    await page.getByRole('tab', { name: 'SQL' }).click();
    await write(editor('SQL'), 'select current_user::text as me, count(*) from shop.customers');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('cell', { name: login }).waitFor();
    await analyst.goes(`/warehouses/${warehouseId}/settings`);
    await page.getByRole('button', { name: 'Let the loader make one' }).click();
    await page.getByText('the one that loads makes it by itself', { exact: false }).waitFor();
    await product.warehouse.rows(`drop owned by ${login}; drop role ${login}`);
  }, 180_000);
});

looksWell('every page of an analyst', async () => {
  const [audience, stuck] = (await product.api.get<{ data: { id: string }[] }>('audiences')).data;
  const ofWarehouse = `/warehouses/${warehouseId}`;
  return {
    product, person: analyst,
    paths: [ofWarehouse, `${ofWarehouse}/sql`, `${ofWarehouse}/settings`, '/audiences', '/audiences/new', '/audiences/traits', '/audiences/traits/new', `/audiences/${audience?.id}`, `/audiences/${stuck?.id}`],
    opens: (path, person) => [
      ...(/sql$|new$/.test(path) ? [() => person.page.locator('.cm-content').waitFor()] : []),
      ...(path.endsWith('/sql') ? ['Saved', 'History'].map((tab) => async () => { await person.page.getByRole('tab', { name: tab }).click(); await person.settled(); }) : []),
    ],
  };
});
