import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';

/** Not reachable from the Internet by IANA's special-purpose registries (RFC 6890 and its updates), or multicast. */
const IPV4_BLOCKED: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24],
  ['192.0.2.0', 24], ['192.88.99.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24],
  ['224.0.0.0', 4], ['240.0.0.0', 4],
];
/** Within global unicast, 2000::/3: protocol assignments (Teredo), documentation, 6to4. All outside 2000::/3 is blocked anyway. */
const IPV6_BLOCKED: readonly (readonly [string, number])[] = [['2001::', 23], ['2001:db8::', 32], ['2002::', 16], ['3fff::', 20]];
/** Addresses that carry an IPv4 address in their last four bytes and reach it: IPv4-mapped and NAT64. */
const IPV6_CARRIES_IPV4: readonly (readonly [string, number])[] = [['::ffff:0:0', 96], ['64:ff9b::', 96]];

function list(family: 'ipv4' | 'ipv6', subnets: readonly (readonly [string, number])[]): BlockList {
  const result = new BlockList();
  for (const [net, prefix] of subnets) result.addSubnet(net, prefix, family);
  return result;
}
const blocked4 = list('ipv4', IPV4_BLOCKED);
const blocked6 = list('ipv6', IPV6_BLOCKED);
const global6 = list('ipv6', [['2000::', 3]]);
const carriers = list('ipv6', IPV6_CARRIES_IPV4);

/** True when a request to this IP address would leave for the Internet and not for the machine, its network or its metadata service. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !blocked4.check(address, 'ipv4');
  if (family !== 6 || address.includes('%')) return false;
  if (carriers.check(address, 'ipv6')) return isPublicAddress(lastFourBytes(address));
  return global6.check(address, 'ipv6') && !blocked6.check(address, 'ipv6');
}

/** The dotted IPv4 address in the last 32 bits of an IPv6 address. */
function lastFourBytes(address: string): string {
  const groups = new URL(`http://[${address}]/`).hostname.slice(1, -1).split(':').slice(-2).map((group) => parseInt(group || '0', 16));
  return groups.flatMap((group) => [group >> 8, group & 255]).join('.');
}

/** The host is an address, or has one, that this installation doesn't call. */
export class BlockedAddressError extends Error {
  constructor(readonly host: string) {
    super(`${host} is not a public address`);
    this.name = 'BlockedAddressError';
  }
}

/** Resolves a name and refuses it when any of its addresses isn't public; the socket connects to exactly what was checked. */
export function guardedLookup(resolve: typeof dnsLookup = dnsLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => {
      const first = addresses?.[0];
      if (error !== null || first === undefined) { callback(error ?? new Error(`${hostname} has no address`), '', 0); return; }
      if (!addresses.every(({ address }) => isPublicAddress(address))) { callback(new BlockedAddressError(hostname), '', 0); return; }
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** undici's connector with the check at connect time: literals before the socket is made, names inside its look-up. */
export function guardedConnector(options: buildConnector.BuildOptions, lookup: LookupFunction = guardedLookup()): buildConnector.connector {
  const connect = buildConnector({ ...options, lookup } as buildConnector.BuildOptions);
  return (target, callback) => {
    const host = target.hostname.replace(/^\[(.*)\]$/, '$1');
    if (isIP(host) !== 0 && !isPublicAddress(host)) { callback(new BlockedAddressError(host), null); return; }
    connect(target, callback);
  };
}
