import { parseArgs } from 'node:util';
import { stripeRateLimits } from './rate-limit.js';
import { startStripeSimulator } from './start.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    customers: { type: 'string', default: '60' },
    bulk: { type: 'string', default: '0' },
    'api-key': { type: 'string' },
    'api-version': { type: 'string' },
    'webhook-url': { type: 'string' },
    'webhook-secret': { type: 'string' },
    traffic: { type: 'string', default: '0' },
    journal: { type: 'string' },
    'rate-limits': { type: 'boolean', default: false },
  },
});

const simulator = await startStripeSimulator({
  port: Number(values.port), seed: Number(values.seed), control: true,
  ...Number(values.customers) > 0 ? { data: { customers: Number(values.customers) } } : {},
  ...values['api-key'] === undefined ? {} : { apiKey: values['api-key'] },
  ...values['api-version'] === undefined ? {} : { apiVersion: values['api-version'] },
  ...values.journal === undefined ? {} : { journal: values.journal },
  ...values['rate-limits'] ? { rateLimits: stripeRateLimits } : {},
});
if (Number(values.bulk) > 0 && simulator.ids('customers').length < Number(values.bulk)) simulator.addCustomers(Number(values.bulk));
const webhookUrl = values['webhook-url'];
const endpoint = webhookUrl === undefined ? undefined : simulator.addWebhookEndpoint({ url: webhookUrl, ...values['webhook-secret'] === undefined ? {} : { secret: values['webhook-secret'] } });
simulator.traffic.run(Number(values.traffic));

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void simulator.stop().then(() => process.exit(0)));
}
// One line for whoever started this process: where the API is and what opens it. The secrets are this process's own inventions.
process.stdout.write(`${JSON.stringify({ ready: true, url: simulator.url, apiKey: simulator.apiKey, account: simulator.accountId, webhookSecret: endpoint?.secret, counts: simulator.counts() })}\n`);
