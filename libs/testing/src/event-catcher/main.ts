import { parseArgs } from 'node:util';
import { startEventCatcher } from './event-catcher.js';

/** The event catcher as a process of its own, for the demo. The secret comes by the environment: arguments are seen by everybody. */
const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
const secret = process.env['EVENT_CATCHER_SECRET'];
const catcher = await startEventCatcher({ port: Number(values.port), ...(secret !== undefined && { secret }) });
process.stdout.write(`${JSON.stringify({ ready: true, url: catcher.url })}\n`);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => { void catcher.stop().then(() => process.exit(0)); });
