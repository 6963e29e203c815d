export type { ZendeskObject } from './account.js';
export type { ZendeskRateLimits } from './rate-limit.js';
export type { ResourceName as ZendeskResourceName } from './resources.js';
export type { ZendeskSeedOptions } from './seed.js';
export type { ZendeskRequest } from './server.js';
export type { ZendeskSimulator, ZendeskSimulatorOptions } from './simulator.js';
export { startZendeskSimulator } from './start.js';
export { zendeskRateLimits } from './rate-limit.js';
export { type ZendeskDelivery, type ZendeskWebhook, zendeskSignature } from './webhooks.js';
