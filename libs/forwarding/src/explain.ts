import type { DestinationKind } from './requests.js';
import type { Attempt } from './sender.js';

/** What happened, to what, and what to do next. */
export interface Explanation { readonly title: string; readonly remedy: string }

const KEY: Readonly<Record<DestinationKind, string>> = {
  webhook: 'Check that the receiver verifies with the secret of this destination, and that the URL is right.',
  segment: 'Check the write key and the region of the URL; a new key is entered under "Change".',
};

/** A try that didn't get through, in words. */
export function explain(kind: DestinationKind, { status, error }: Pick<Attempt, 'status' | 'error'>): Explanation {
  if (error === 'blocked_address') return { title: 'The destination is on a private address.', remedy: 'Use a public one. An operator can allow private addresses with ALLOW_PRIVATE_ADDRESSES.' };
  if (error === 'too_large') return { title: 'The event is larger than the destination takes.', remedy: 'Leave such events out by the destination\'s filter, or send them to a webhook, which takes up to 1 MiB.' };
  if (error === 'timeout') return { title: 'The destination didn\'t answer in time.', remedy: 'It must answer before it does its work. It is tried again by itself.' };
  if (status === null) return { title: `The destination couldn't be reached (${error ?? 'no answer'}).`, remedy: 'Check the URL, its certificate and that the receiver runs. It is tried again by itself.' };
  if (status === 401 || status === 403 || status === 407) return { title: `The destination refused the access (${status}).`, remedy: KEY[kind] };
  if (status === 404) return { title: 'There is nothing at the destination\'s URL (404).', remedy: 'Correct the URL. Until then it is tried again by itself.' };
  if (status === 410) return { title: 'The destination says that it is gone for good (410).', remedy: 'Enable it again when that was a mistake: what waits for it is kept.' };
  if (status === 429) return { title: 'The destination asks us to slow down (429).', remedy: 'It is tried again when it says, by itself.' };
  if (status >= 300 && status < 400) return { title: `The destination sends us elsewhere (${status}), which we don't follow.`, remedy: 'Enter the URL that it redirects to.' };
  if (status >= 500) return { title: `The destination failed (${status}).`, remedy: 'It is tried again by itself; its own log says more.' };
  if (status === 413) return { title: 'The event is larger than the destination takes (413).', remedy: 'Leave such events out by the destination\'s filter.' };
  return { title: `The destination refused the event (${status}).`, remedy: 'Its answer says why. Mend the receiver, then retry.' };
}
