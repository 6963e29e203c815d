import { describe, expect, it } from '@jest/globals';
import { PartnerUnavailableError } from '#contracts';
import { Renewals } from './renewals.js';

describe('renewals', () => {
  it('ask the parent once each, and hand on what it answers', async () => {
    let asked = 0;
    const renewals = new Renewals(() => { asked += 1; });
    const first = renewals.renew();
    renewals.take({ credentials: { accessToken: 'a2' } });
    expect(await first).toEqual({ accessToken: 'a2' });
    const second = renewals.renew();
    renewals.take({ error: { code: 'partner_unavailable', title: 'away', remedy: 'Wait.', retryAfterMs: 5 } });
    const error: unknown = await second.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PartnerUnavailableError);
    expect((error as PartnerUnavailableError).report()).toEqual({ code: 'partner_unavailable', title: 'away', remedy: 'Wait.', retryAfterMs: 5 });
    expect(asked).toBe(2);
  });
});
