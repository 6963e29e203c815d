export type { StripeObject } from './collection.js';
export type { StripeCounts } from './counts.js';
export type { Fault } from './faults.js';
export { type RateLimits, stripeRateLimits } from './rate-limit.js';
export type { ResourceName as StripeResourceName } from './resources.js';
export type { SeedOptions as StripeSeedOptions } from './seed.js';
export type { RequestLogEntry as StripeRequest } from './server.js';
export { startStripeSimulator, type StripeSimulator, type StripeSimulatorOptions } from './simulator.js';
export { type Delivery, signature as stripeSignature, type WebhookBehaviour, type WebhookEndpointOptions } from './webhooks.js';
