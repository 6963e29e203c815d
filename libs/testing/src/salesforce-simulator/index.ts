export { outboundEnvelope } from './outbound-messages.js';
export type { SalesforceSimulator } from './simulator.js';
export { startSalesforceSimulator } from './start.js';
