import { parseArgs } from 'node:util';
import { startSalesforceSimulator } from './start.js';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, seed: { type: 'string', default: '1' }, accounts: { type: 'string', default: '60' }, 'daily-requests': { type: 'string', default: '15000' }, traffic: { type: 'string', default: '0' },
    journal: { type: 'string' }, 'client-id': { type: 'string' }, 'client-secret': { type: 'string' }, 'webhook-url': { type: 'string' } },
});

const simulator = await startSalesforceSimulator({
  port: Number(values.port), seed: Number(values.seed), dailyRequests: Number(values['daily-requests']), control: true,
  ...values.journal !== undefined && { journal: values.journal },
  ...Number(values.accounts) > 0 && { data: { accounts: Number(values.accounts) } },
});
if (values['client-id'] !== undefined) simulator.addApp(true, values['client-id'], values['client-secret']);
if (values['webhook-url'] !== undefined) simulator.sendMessages(values['webhook-url']);
simulator.traffic.run(Number(values.traffic));

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void simulator.stop().then(() => process.exit(0)));
}
// One line for whoever started this process: where the API is and what opens it. The secrets are this process's own inventions.
process.stdout.write(`${JSON.stringify({ ready: true, url: simulator.url, accessToken: simulator.accessToken, organization: simulator.organizationId, counts: simulator.counts() })}\n`);
