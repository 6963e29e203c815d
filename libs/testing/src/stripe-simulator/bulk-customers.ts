import type { StripeAccount } from './account.js';
import { StoredObject } from './collection.js';

const FIRST = ['Ada', 'Bo', 'Cleo', 'Dan', 'Eve', 'Finn', 'Gus', 'Hana', 'Ivo', 'Jo'];
const LAST = ['Abel', 'Berg', 'Cruz', 'Dale', 'East', 'Fox', 'Gray', 'Hill', 'Iris', 'Jung'];
const CITIES = ['Berlin', 'Lagos', 'Lima', 'Oslo', 'Pune', 'Quito', 'Rome', 'Tokyo', 'Utica', 'York'];
const TIERS = ['free', 'basic', 'plus', 'pro', 'enterprise'];

/**
 * Adds customers of about 600 bytes, nested, created evenly between two moments; without events. Fast: 100,000 take well
 * under a second, because their JSON is written as text and kept as it is.
 * @param from seconds since the epoch; default a year before now
 */
export function addBulkCustomers(account: StripeAccount, count: number, from = account.now() - 365 * 86_400, to = account.now() - 31 * 86_400): void {
  const { random } = account;
  const batch = random.text(8);
  for (let i = 0; i < count; i++) {
    const id = `cus_${batch}${i.toString(36).padStart(6, '0')}`;
    const created = from + Math.floor((to - from) * i / count);
    const name = `${random.pick(FIRST)} ${random.pick(LAST)}`;
    const city = random.pick(CITIES);
    const tier = random.pick(TIERS);
    const json = `{"id":"${id}","object":"customer","address":{"city":"${city}","country":"US","line1":"${random.between(1, 999)} Main St","line2":null,"postal_code":"${random.between(10_000, 99_999)}","state":"CA"},"balance":${random.between(-5000, 5000)},"created":${created},"currency":"usd","default_source":null,"delinquent":${random.chance(0.1)},"description":"Customer ${i}","discount":null,"email":"user${i}@example.com","invoice_prefix":"${id.slice(-8).toUpperCase()}","invoice_settings":{"custom_fields":null,"default_payment_method":null,"footer":null,"rendering_options":null},"livemode":false,"metadata":{"tier":"${tier}","seats":"${random.between(1, 50)}"},"name":"${name}","next_invoice_sequence":1,"phone":null,"preferred_locales":[],"shipping":null,"tax_exempt":"none","test_clock":null}`;
    // Through bytes: as it is, it hangs together of forty pieces that take more than the text.
    account.restore('customers', new StoredObject(id, created, account.nextSequence(), undefined, Buffer.from(json, 'latin1').toString('latin1')));
  }
}
