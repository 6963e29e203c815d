export { randomName, testDatabase, testKafka, type TestDatabase } from './harness/infrastructure.js';
export { javaProduce } from './harness/java-producer.js';
export { pythonPackages } from './harness/python-packages.js';
export { startStripeMock, type StripeMock } from './harness/stripe-mock.js';
export {
  type Delivery, type Fault, type RateLimits, startStripeSimulator, type StripeCounts, type StripeObject, type StripeRequest, type StripeResourceName, type StripeSeedOptions,
  stripeSignature, type StripeSimulator, type StripeSimulatorOptions, type WebhookBehaviour, type WebhookEndpointOptions,
} from './stripe-simulator/index.js';
export {
  startZendeskSimulator, zendeskRateLimits, zendeskSignature, type ZendeskDelivery, type ZendeskOAuthClient, type ZendeskObject, type ZendeskRateLimits, type ZendeskRequest, type ZendeskResourceName,
  type ZendeskSeedOptions, type ZendeskSimulator, type ZendeskSimulatorOptions, type ZendeskWebhook,
} from './zendesk-simulator/index.js';
export { outboundEnvelope, type SalesforceSimulator, startSalesforceSimulator } from './salesforce-simulator/index.js';
export { startEventCatcher, type CaughtRequest, type EventCatcher } from './event-catcher/event-catcher.js';
export { startMailCatcher, type MailCatcher } from './mail-catcher/mail-catcher.js';
export type { CaughtMail } from './mail-catcher/read-mail.js';
export { startIdentityProvider, type IdentityProviderSimulator } from './harness/identity-provider.js';
