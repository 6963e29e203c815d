import type { lookup, LookupAddress } from 'node:dns';
import { describe, expect, it } from '@jest/globals';
import { guardedConnector, guardedLookup, isPublicAddress } from './address-guard.js';

describe('public addresses', () => {
  it.each([
    '0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1', '172.31.255.255',
    '192.0.0.1', '192.0.2.1', '192.168.1.1', '198.18.0.1', '198.19.255.255', '198.51.100.7', '203.0.113.7', '224.0.0.1', '239.1.1.1', '240.0.0.1', '255.255.255.255',
    '::', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:169.254.169.254', '0:0:0:0:0:ffff:a00:1', '::127.0.0.1', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd00:ec2::254', 'ff02::1',
    '64:ff9b::10.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::1', '2001::1', '2001:db8::1', '2002:7f00:1::', '3fff::1', '100::1', 'fec0::1', '', 'localhost', '127.1', '0x7f000001',
  ])('%s is not one', (address) => { expect(isPublicAddress(address)).toBe(false); });

  it.each(['1.1.1.1', '8.8.8.8', '100.63.255.255', '100.128.0.0', '172.15.0.1', '172.32.0.1', '169.253.1.1', '198.20.0.1', '223.255.255.255', '::ffff:8.8.8.8', '::ffff:808:808', '64:ff9b::808:808', '2606:4700:4700::1111', '2a00:1450:4001::1'])(
    '%s is one', (address) => { expect(isPublicAddress(address)).toBe(true); });
});

const resolver = (...addresses: LookupAddress[]): typeof lookup => ((_name: string, _options: object, done: (error: Error | null, found: LookupAddress[]) => void) => { done(null, addresses); }) as unknown as typeof lookup;
const resolved = (resolve: typeof lookup, all: boolean): Promise<unknown> => new Promise((done, fail) => {
  guardedLookup(resolve)('partner.example', { all }, (error, address) => { if (error === null) done(address); else fail(error); });
});

describe('the look-up inside the socket', () => {
  const good = { address: '8.8.8.8', family: 4 }, bad = { address: '169.254.169.254', family: 4 }, mapped = { address: '::ffff:10.0.0.1', family: 6 };

  it('passes on exactly the addresses it checked', async () => {
    await expect(resolved(resolver(good), true)).resolves.toEqual([good]);
    await expect(resolved(resolver(good), false)).resolves.toBe('8.8.8.8');
  });

  it.each([[[bad]], [[mapped]], [[good, bad]], [[mapped, good]]])('refuses a name when one of its addresses is not public', async (addresses) => {
    for (const all of [true, false]) await expect(resolved(resolver(...addresses), all)).rejects.toThrow('partner.example is not a public address');
  });

  it('says so when a name has no address', async () => {
    await expect(resolved(resolver(), true)).rejects.toThrow('has no address');
  });
});

describe('the connector', () => {
  it.each(['127.0.0.1', '::1', '[::1]', '[::ffff:10.0.0.1]', '169.254.169.254'])('refuses the literal %s before there is a socket', async (hostname) => {
    const connect = guardedConnector({}, () => { throw new Error('a literal is not looked up'); });
    const error = await new Promise((done) => { connect({ hostname, protocol: 'http:', port: '1' }, (...[failed]) => { done(failed); }); });
    expect(error).toMatchObject({ name: 'BlockedAddressError' });
  });

  it('asks the look-up for a name', async () => {
    const connect = guardedConnector({}, guardedLookup(resolver({ address: '127.0.0.1', family: 4 })));
    const error = await new Promise((done) => { connect({ hostname: 'rebind.example', protocol: 'http:', port: '1' }, (...[failed]) => { done(failed); }); });
    expect(error).toMatchObject({ name: 'BlockedAddressError', host: 'rebind.example' });
  });
});
