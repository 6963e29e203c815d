import { stripeSignature } from '#testing';
import { eventually } from './eventually.js';

const ASK_AGAIN_MS = 500;

interface Answer { readonly status: number; readonly text: string }

/**
 * Posts a webhook as a partner does: again, after a while, when it is answered with 503 (a broker that is busy with something
 * else). What the last answer was; a refused connection is thrown.
 */
export function posted(url: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return eventually('a webhook is answered with something other than 503', async () => {
    const answer = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
    const text = await answer.text();
    return answer.status === 503 ? undefined : { status: answer.status, text };
  }, { everyMs: ASK_AGAIN_MS });
}

/** Headers of a webhook that Stripe signs now. */
export const signedByStripe = (body: string, secret: string): Record<string, string> => ({ 'stripe-signature': stripeSignature(body, [secret], Math.floor(Date.now() / 1000)) });
