import { ConfigurationInvalidError } from '#contracts';
import { defineConnector } from '#connector-kit';
import { check } from './check.js';
import { OTHER_EVENTS } from './collections/events.js';
import { readEvents } from './collections/feed.js';
import { resourceReader } from './collections/reader.js';
import { RESOURCES } from './collections/resources.js';
import { declaration } from './declaration.js';
import { mapError } from './map-error.js';
import { normalize } from './normalize/normalize.js';
import { webhook } from './webhook.js';

/** The shape that lists and single objects come in: the last major one before 2023 that still has all of Segment's columns. */
const STRIPE_VERSION = '2022-11-15';

export const connector = defineConnector({
  declaration,
  authenticate({ apiKey, accountId }) {
    if (apiKey === undefined || apiKey === '') throw new ConfigurationInvalidError('The source has no API key.', { remedy: 'Enter a restricted key of Stripe\'s dashboard (Developers, API keys).' });
    return {
      authorization: `Bearer ${apiKey}`, 'stripe-version': STRIPE_VERSION,
      ...(accountId !== undefined && accountId !== '' && { 'stripe-account': accountId }),
    };
  },
  baseUrl: ({ baseUrl }) => (baseUrl === undefined || baseUrl === '' ? 'https://api.stripe.com' : baseUrl.replace(/\/+$/, '')),
  mapError,
  /** Stripe says itself whether a repeat makes sense, where it knows better than the status. */
  shouldRetry({ headers }) {
    const advice = headers['stripe-should-retry'];
    return advice === 'true' ? true : advice === 'false' ? false : undefined;
  },
  check,
  readers: { [OTHER_EVENTS]: readEvents, ...Object.fromEntries(RESOURCES.map((resource) => [resource.collection, resourceReader(resource)])) },
  changeFeed: OTHER_EVENTS,
  normalize,
  webhook,
});
