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

const STAGES = ['Prospecting', 'Qualification', 'Proposal', 'Negotiation', 'Closed Won', 'Closed Lost'];

/** One change of a sales team's day. */
export function stepOrg(org: Org, random: SeededRandom): void {
  const pick = (object: string): string | undefined => {
    const live = org.all(object).filter(({ IsDeleted }) => IsDeleted !== true);
    return live.length === 0 ? undefined : String(random.pick(live).Id);
  };
  const change = (object: string, values: SalesforceRow): void => {
    const id = pick(object);
    if (id !== undefined) org.update(object, id, values);
  };
  const share = random.next();
  if (share < 0.15) org.insert('Account', { Name: `${random.pick(NAMES)} ${random.text(4)}`, Industry: 'Energy', NumberOfEmployees: random.between(1, 900) });
  else if (share < 0.3) org.insert('Contact', { AccountId: pick('Account') ?? null, FirstName: 'Given', LastName: `Family ${random.text(4)}`, Email: `person.${random.text(6).toLowerCase()}@example.com` });
  else if (share < 0.45) org.insert('Opportunity', { AccountId: pick('Account') ?? null, Name: `Deal ${random.text(4)}`, StageName: STAGES[0], Amount: random.between(1, 900) * 100, CloseDate: new Date(org.now() + 30 * DAY).toISOString().slice(0, 10) });
  else if (share < 0.7) change('Opportunity', { StageName: random.pick(STAGES), Probability: random.between(1, 99) });
  else if (share < 0.8) change('Account', { NumberOfEmployees: random.between(1, 900) });
  else if (share < 0.9) change('Case', { Status: random.pick(['Working', 'Escalated', 'Closed']) });
  else if (share < 0.95) change('Contact', { Title: random.pick(['Buyer', 'Engineer', 'Director']) });
  else { const id = pick('Opportunity'); if (id !== undefined) org.remove('Opportunity', id); }
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
