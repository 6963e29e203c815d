import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { LosslessNumber } from 'lossless-json';
import type { RawRecordMeta } from '#contracts';
import type { NormalizedRecord } from '#connector-kit';
import { normalize } from './normalize.js';
import type { Json } from './values.js';

const fixture = (version: string): Record<string, Record<string, unknown>> => JSON.parse(readFileSync(new URL(`../../fixtures/${version}.json`, import.meta.url), 'utf8')) as Record<string, Record<string, unknown>>;
const classic = fixture('2022-11-15');
const clover = fixture('2025-09-30.clover');

const meta = (more: Partial<RawRecordMeta> = {}): RawRecordMeta => ({
  id: 'r', workspaceId: 'w', sourceId: 's', connector: 'stripe', collection: 'customers', component: 'sync', receivedAt: '2023-11-14T22:13:20.000Z',
  observedAt: 1_700_000_000_123, recordsAt: 'data', ...more,
});
const records = (record: Json, more: Partial<RawRecordMeta> = {}): NormalizedRecord[] => normalize(record, meta(more)).map((result) => {
  if ('failure' in result) throw new Error(result.failure.message);
  return result;
});
const event = (type: string, object: Json, more: Record<string, unknown> = {}, previous?: Json): Record<string, unknown> => ({
  id: 'evt_1', object: 'event', type, created: 1_700_000_000, api_version: '2022-11-15', livemode: false, pending_webhooks: 1,
  request: { id: 'req_1', idempotency_key: null }, data: { object, ...(previous !== undefined && { previous_attributes: previous }) }, ...more,
});

describe('both shapes of Stripe give the same columns', () => {
  // Said by the older shape only. The columns are left out of the newer one, not set to null, so that a webhook can't wipe them.
  const onlyClassic: Readonly<Record<string, readonly string[]>> = { invoices: ['application_fee'], invoice_items: ['unit_amount'], invoice_lines: ['proration_details'] };

  for (const name of Object.keys(classic)) it(`${name}, with its parts`, () => {
    const [before, after] = [classic[name], clover[name]];
    if (before === undefined || after === undefined) throw new Error(`no fixture for ${name}`);
    const old = records(before);
    const now = records(after);
    expect(now.map(({ collection, id }) => `${collection}/${id}`)).toEqual(old.map(({ collection, id }) => `${collection}/${id}`));
    old.forEach(({ collection, data }, index) => {
      const expected = { ...data };
      for (const field of onlyClassic[collection] ?? []) delete expected[field];
      expect(now[index]?.data).toEqual(expected);
    });
  });

  it('has the values of Segment\'s columns', () => {
    const [invoice, line, discount] = records(clover.invoice ?? {});
    expect(invoice).toMatchObject({
      collection: 'invoices', kind: 'object', id: 'in_1', version: 1_700_000_000_123,
      data: {
        id: 'in_1', customer_id: 'cus_1', subscription_id: 'sub_1', charge_id: 'ch_1', payment_intent_id: 'pi_1', paid: true, tax: 400, discount_id: 'di_1',
        created: '2023-11-14T22:13:20.000Z', period_start: '2023-10-15T22:13:20.000Z', status_transitions: { paid_at: '2023-11-14T22:16:40.000Z', voided_at: null }, metadata: { order: '7' },
      },
    });
    expect(line).toMatchObject({ collection: 'invoice_lines', id: 'il_1', data: { invoice_id: 'in_1', type: 'subscription', plan_id: 'price_1', price_id: 'price_1', subscription_id: 'sub_1', tax_rates: ['txr_1'], proration: false } });
    expect(discount).toMatchObject({ collection: 'discounts', id: 'di_1', data: { coupon_id: 'SPRING', customer_id: 'cus_1', subscription: 'sub_1', start: '2023-11-03T08:26:40.000Z' } });
    const [subscription, item] = records(clover.subscription ?? {});
    expect(subscription?.data).toMatchObject({ plan_id: 'price_1', quantity: 3, current_period_end: '2023-11-14T22:13:20.000Z', latest_invoice_id: 'in_1', default_payment_method_id: 'pm_1' });
    expect(item).toMatchObject({ collection: 'subscription_items', data: { subscription_id: 'sub_1', plan_id: 'price_1', quantity: 3 } });
  });

  it('keeps no secret that lets its holder pay', () => {
    for (const record of [clover.invoice, { id: 'pi_1', object: 'payment_intent', client_secret: 'pi_1_secret_x' }]) {
      expect(JSON.stringify(records(record ?? {}, { collection: 'invoices' }).map(({ data }) => data))).not.toContain('_secret_');
    }
  });
});

describe('records', () => {
  it('names references by id, expanded or not', () => {
    const [charge] = records({ id: 'ch_1', object: 'charge', customer: { id: 'cus_1', object: 'customer' }, application_fee: { id: 'fee_1' }, invoice: null, on_behalf_of: 'acct_1', transfer_data: { destination: 'acct_2' } });
    expect(charge?.data).toMatchObject({ customer_id: 'cus_1', application_fee: 'fee_1', invoice_id: null, on_behalf_of: 'acct_1', destination: 'acct_2' });
    expect(charge?.data).not.toHaveProperty('customer');
  });

  it('passes exact numbers on as they are', () => {
    const amount = new LosslessNumber('9007199254740993');
    const [transaction, fee] = records({ id: 'txn_1', object: 'balance_transaction', amount, available_on: 1_700_000_000, fee_details: [{ amount, type: 'stripe_fee', application: null }] });
    expect(transaction?.data.amount).toBe(amount);
    expect(transaction?.data).toMatchObject({ available: '2023-11-14T22:13:20.000Z', available_on: '2023-11-14T22:13:20.000Z' });
    expect(fee).toMatchObject({ collection: 'balance_transaction_fee_details', id: 'txn_1-0', data: { balance_transaction_id: 'txn_1', type: 'stripe_fee' } });
    expect(fee?.data.amount).toBe(amount);
  });

  it('takes the parent of a sub-list from the request', () => {
    const { invoice: _, ...line } = (clover.invoice?.lines as { data: Json[] }).data[0] ?? {};
    const [record] = records(line, { collection: 'invoices', request: '/v1/invoices/in_9/lines?limit=100' });
    expect(record).toMatchObject({ collection: 'invoice_lines', data: { invoice_id: 'in_9' } });
    const [item] = records({ id: 'si_1', object: 'subscription_item' }, { collection: 'subscriptions', request: '/v1/subscription_items?limit=100&subscription=sub_9' });
    expect(item?.data.subscription_id).toBe('sub_9');
  });

  it('takes a deleted object as a deletion', () => {
    expect(records({ id: 'cus_1', object: 'customer', deleted: true })).toEqual([{ collection: 'customers', kind: 'object', id: 'cus_1', version: 1_700_000_000_123, deleted: true, data: { id: 'cus_1' } }]);
  });

  it('says which record has no id', () => {
    expect(normalize({ object: 'customer', email: 'ada@example.com' }, meta())).toEqual([{ failure: { reason: 'record_without_id', message: 'A record of customers has no id.' } }]);
  });

  it('leaves out what nobody selected, and what is no collection', () => {
    const customer = { id: 'cus_1', object: 'customer', sources: { object: 'list', data: [{ id: 'card_1', object: 'card', customer: 'cus_1' }, { id: 'src_1', object: 'source' }], has_more: false } };
    expect(records(customer).map(({ collection }) => collection)).toEqual(['customers', 'cards']);
    expect(records(customer, { selected: ['cards'] }).map(({ collection }) => collection)).toEqual(['cards']);
    expect(records({ id: 'src_1', object: 'source' })).toEqual([]);
  });
});

describe('events', () => {
  const customer = { id: 'cus_1', object: 'customer', created: 1_600_000_000, email: 'ada@example.com' };

  it('gives a webhook as an event and as the object that it carries, newer than any read before the change', () => {
    const [first, second] = records(event('customer.updated', customer, {}, { email: 'old@example.com' }), { component: 'webhook', collection: 'events' });
    expect(first).toMatchObject({
      collection: 'customer_events', kind: 'event', id: 'evt_1', version: 0, event: 'customer_updated', eventText: 'customer.updated', timestamp: '2023-11-14T22:13:20.000Z',
      data: { type: 'customer.updated', object_id: 'cus_1', object_type: 'customer', request_id: 'req_1', previous_attributes: { email: 'old@example.com' }, object: { email: 'ada@example.com' } },
    });
    expect(second).toMatchObject({ collection: 'customers', id: 'cus_1', version: 1_700_000_000_998, data: { email: 'ada@example.com', created: '2020-09-13T12:26:40.000Z' } });
    const versions = (type: string): number[] => records(event(type, customer), { component: 'webhook' }).filter(({ kind }) => kind === 'object').map(({ version }) => version);
    expect([versions('customer.created'), versions('customer.deleted')]).toEqual([[1_700_000_000_997], [1_700_000_000_999]]);
  });

  it('gives the same event from a sync, without the object\'s state', () => {
    const body = event('customer.updated', customer);
    expect(records(body)).toEqual(records(body, { component: 'webhook' }).slice(0, 1));
  });

  it('takes deletions from both', () => {
    for (const component of ['sync', 'webhook'] as const) {
      expect(records(event('customer.deleted', customer), { component })[1]).toMatchObject({ collection: 'customers', id: 'cus_1', deleted: true, version: 1_700_000_000_999 });
    }
  });

  it('knows that an ended subscription still exists', () => {
    const [, ended] = records(event('customer.subscription.deleted', { id: 'sub_1', object: 'subscription', status: 'canceled' }), { component: 'webhook' });
    expect(ended).toMatchObject({ collection: 'subscriptions', data: { status: 'canceled' } });
    expect(ended?.deleted).toBeUndefined();
    expect(records(event('customer.subscription.deleted', { id: 'sub_1', object: 'subscription', status: 'canceled' }))).toHaveLength(1);
  });

  it('deletes items that left their subscription, also when the event comes by sync', () => {
    const items = (...ids: string[]): Json => ({ object: 'list', has_more: false, data: ids.map((id) => ({ id, object: 'subscription_item', subscription: 'sub_1' })) });
    const body = event('customer.subscription.updated', { id: 'sub_1', object: 'subscription', items: items('si_1') }, {}, { items: items('si_1', 'si_2') });
    const deleted = (results: NormalizedRecord[]): string[] => results.filter((result) => result.deleted === true).map(({ collection, id }) => `${collection}/${id}`);
    expect(deleted(records(body))).toEqual(['subscription_items/si_2']);
    expect(deleted(records(body, { component: 'webhook' }))).toEqual(['subscription_items/si_2']);
    const cut = event('customer.subscription.updated', { id: 'sub_1', object: 'subscription', items: { ...items('si_1'), has_more: true } }, {}, { items: items('si_1', 'si_2') });
    expect(deleted(records(cut))).toEqual([]);
  });

  it('sorts event types into families', () => {
    const family = (type: string): string | undefined => records(event(type, { object: 'x' }))[0]?.collection;
    expect(['customer.subscription.created', 'customer.tax_id.created', 'charge.dispute.closed', 'charge.failed', 'invoiceitem.created', 'issuing_card.created'].map(family))
      .toEqual(['subscription_events', 'customer_events', 'dispute_events', 'charge_events', 'invoice_events', 'other_events']);
  });

  it('takes nothing from previews, from other accounts and from thin events', () => {
    const webhook = { component: 'webhook', collection: 'events' } as const;
    expect(records(event('invoice.upcoming', { object: 'invoice', customer: 'cus_1' }), webhook).map(({ collection }) => collection)).toEqual(['invoice_events']);
    expect(records(event('customer.updated', customer, { account: 'acct_2' }), webhook).map(({ collection }) => collection)).toEqual(['customer_events']);
    expect(records(event('account.updated', { id: 'acct_2', object: 'account' }, { account: 'acct_2' }), webhook).map(({ collection }) => collection)).toEqual(['account_events', 'accounts']);
    const thin = { id: 'evt_2', object: 'v2.core.event', type: 'v1.billing.meter.no_meter_found', created: '2024-01-01T00:00:00.000Z', related_object: { id: 'mtr_1', type: 'billing.meter', url: '/v1/billing/meters/mtr_1' } };
    expect(records(thin, webhook)).toMatchObject([{ collection: 'other_events', event: 'v1_billing_meter_no_meter_found', timestamp: '2024-01-01T00:00:00.000Z', data: { object_id: 'mtr_1' } }]);
  });
});
