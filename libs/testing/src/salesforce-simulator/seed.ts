import type { SeededRandom } from '../stripe-simulator/random.js';
import type { Org, SalesforceRow } from './org.js';
import type { ObjectSchema } from './schema.js';

/** How large the story is. */
export interface SalesforceSeedOptions {
  /** Default 60. Contacts are twice as many, opportunities and cases as many. */
  readonly accounts?: number;
  /** How far back it begins; default 60. It ends an hour before the clock. */
  readonly days?: number;
}

const DAY = 86_400_000;
const NAMES = ['Northwind', 'Fabrikam', 'Contoso', 'Tailspin', 'Litware', 'Proseware'];

/** Fills an org: accounts with what hangs on them, and one record at least of every object that can be queried. */
export function seedOrg(org: Org, random: SeededRandom, { accounts = 60, days = 60 }: SalesforceSeedOptions): void {
  const now = org.now() - 3_600_000;
  const at = (): number => now - Math.floor(random.next() * days * DAY / 1_000) * 1_000;
  for (let i = 0; i < accounts; i++) {
    const account = org.insert('Account', { Name: `${random.pick(NAMES)} ${i}`, Industry: 'Energy', AnnualRevenue: random.between(1, 90) * 10_000, NumberOfEmployees: random.between(1, 900), BillingCity: 'Oslo', BillingCountry: 'Norway', Score__c: i }, at());
    const contact = org.insert('Contact', { AccountId: account, FirstName: 'Given', LastName: `Family ${i}`, Email: `person${i}@example.com` }, at());
    org.insert('Contact', { AccountId: account, LastName: `Other ${i}` }, at());
    org.insert('Opportunity', { AccountId: account, Name: `Deal ${i}`, StageName: 'Prospecting', Amount: random.between(1, 900) + 0.5, Probability: 10, CloseDate: new Date(now).toISOString().slice(0, 10) }, at());
    org.insert('Case', { AccountId: account, ContactId: contact, Subject: `Question ${i}`, Status: 'New', CaseNumber: String(1_000 + i).padStart(8, '0') }, at());
    org.insert('Task', { WhoId: contact, WhatId: account, Subject: 'Call', Status: 'Not Started', Priority: 'Normal' }, at());
  }
  for (const schema of org.schemas.values()) if (schema.queryable && org.all(schema.name).length === 0) org.insert(schema.name, sample(schema), at());
}

/** Values for the fields that need one to be worth reading. */
function sample({ fields, name }: ObjectSchema): SalesforceRow {
  const values: Record<string, unknown> = {};
  for (const field of fields.values()) {
    if (field.type === 'string' && !field.calculated) values[field.name] = `${name} ${field.name}`;
    else if (field.type === 'date') values[field.name] = '2026-01-31';
    else if (field.type === 'int' || field.type === 'double' || field.type === 'currency') values[field.name] = 1;
  }
  return values;
}
