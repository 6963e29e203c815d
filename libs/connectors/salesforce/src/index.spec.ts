import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ConfigurationInvalidError } from '#contracts';
import { connector } from './index.js';

describe('the Salesforce connector', () => {
  it('sends the session to the org\'s own address', () => {
    const accessToken = randomBytes(24).toString('base64url');
    expect(connector.authenticate({ accessToken })).toEqual({ authorization: `Bearer ${accessToken}` });
    expect(connector.baseUrl({ instanceUrl: 'https://acme.my.salesforce.com/' })).toBe('https://acme.my.salesforce.com');
    expect(() => connector.authenticate({})).toThrow(ConfigurationInvalidError);
    expect(() => connector.baseUrl({})).toThrow(ConfigurationInvalidError);
  });

  it('declares Segment\'s collections that can be queried; a day of those selected by default stays within 350 calls', () => {
    const { collections } = connector.declaration;
    expect(collections).toHaveLength(47);
    expect(collections.map(({ name }) => name)).toEqual(expect.arrayContaining(['accounts', 'opportunity_product', 'price_books', 'role', 'opportunity_tag', 'account_tags', 'user_login']));
    for (const { name, fields, callsPerSync, permissions } of collections) expect({ name, id: fields.id, callsPerSync, permissions }).toEqual({ name, id: 'string', callsPerSync: 1, permissions: [expect.stringMatching(name === 'user_login' ? /^Manage Users$/ : /^Read on [A-Z]\w+$/)] });
    // Eight runs, and one describe.
    expect(collections.filter(({ selectedByDefault }) => selectedByDefault).length * 9).toBeLessThanOrEqual(350);
  });
});
