import { parseArgs } from 'node:util';
import { zendeskRateLimits } from './rate-limit.js';
import { startZendeskSimulator } from './start.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    subdomain: { type: 'string', default: 'acme' },
    tickets: { type: 'string', default: '60' },
    bulk: { type: 'string', default: '0' },
    'access-token': { type: 'string' },
    journal: { type: 'string' },
    'client-id': { type: 'string' },
    'client-secret': { type: 'string' },
    'redirect-uri': { type: 'string', multiple: true },
    'webhook-url': { type: 'string' },
    'webhook-secret': { type: 'string' },
    traffic: { type: 'string', default: '0' },
    'rate-limits': { type: 'boolean', default: false },
  },
});

const { port, seed, subdomain, journal, 'client-id': clientId, 'client-secret': clientSecret, 'redirect-uri': redirectUris, tickets, bulk, traffic, 'access-token': accessToken, 'webhook-url': webhookUrl, 'webhook-secret': secret, 'rate-limits': limited } = values;
const simulator = await startZendeskSimulator({
  port: Number(port), seed: Number(seed), subdomain, control: true,
  ...(Number(tickets) > 0 && { data: { tickets: Number(tickets) } }),
  ...(accessToken !== undefined && { accessToken }),
  ...(journal !== undefined && { journal }),
  ...(limited && { rateLimits: zendeskRateLimits }),
});
if (Number(bulk) > 0) simulator.addTickets(Number(bulk));
if (clientId !== undefined && clientSecret !== undefined) simulator.addOAuthClient({ redirectUris: redirectUris ?? [], clientId, clientSecret });
const webhook = webhookUrl === undefined ? undefined : simulator.addWebhookEndpoint({ url: webhookUrl, ...(secret !== undefined && { secret }) });
simulator.traffic.run(Number(traffic));

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void simulator.stop().then(() => process.exit(0)));
}
// One line for whoever started this process: where the API is and what opens it. The secrets are this process's own inventions.
process.stdout.write(`${JSON.stringify({
  ready: true, url: simulator.url, subdomain: simulator.subdomain, accessToken: simulator.accessToken, email: simulator.email, apiToken: simulator.apiToken, webhookSecret: webhook?.secret, counts: simulator.counts(),
})}\n`);
