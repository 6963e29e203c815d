import type { FastifyRequest } from 'fastify';
import type { Origin } from '#persistence';

/** Longer ones are cut: they come from anybody. */
const USER_AGENT_CHARS = 300;

/** Where a request comes from; behind a proxy what `TRUSTED_PROXIES` lets us believe. */
export const originOf = ({ ip, headers }: FastifyRequest): Origin => ({ ip, userAgent: (headers['user-agent'] ?? '').slice(0, USER_AGENT_CHARS) });

/** What one subscriber can't leave at will: an IPv4 address, or the first 64 bits of an IPv6 one. */
export function networkOf(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined || !ip.includes(':')) return mapped ?? ip;
  const [head = '', tail = ''] = ip.toLowerCase().split('::');
  const [front, back] = [head === '' ? [] : head.split(':'), tail === '' ? [] : tail.split(':')];
  const whole = ip.includes('::') ? [...front, ...Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0'), ...back] : front;
  return `${whole.slice(0, 4).map((part) => part.replace(/^0+(?=.)/, '')).join(':')}::/64`;
}
