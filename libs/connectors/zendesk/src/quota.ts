import type { Connector } from '#connector-kit';

const MINUTE_MS = 60_000;

/** Zendesk tells the limit of a minute and what is left of it: one for incremental exports, one for everything else. */
export const quota: NonNullable<Connector['quota']> = ({ headers, path }) => {
  const number = (name: string): number => Number(headers[name] ?? Number.NaN);
  const [limit, remaining, reset] = [number('ratelimit-limit') || number('x-rate-limit'), headers['ratelimit-remaining'] === undefined ? number('x-rate-limit-remaining') : number('ratelimit-remaining'), number('ratelimit-reset')];
  if (!(limit > 0 && remaining >= 0)) return undefined;
  return {
    name: path.startsWith('/api/v2/incremental/') ? 'incremental' : 'account', windowMs: MINUTE_MS, limit, used: Math.max(0, limit - remaining),
    ...(reset >= 0 && { resetsInMs: reset * 1_000 }),
  };
};
