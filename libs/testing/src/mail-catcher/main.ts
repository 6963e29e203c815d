import { parseArgs } from 'node:util';
import { startMailCatcher } from './mail-catcher.js';

/** The mail catcher as a process of its own, for the demo. */
const { values } = parseArgs({ options: { 'smtp-port': { type: 'string', default: '0' }, 'http-port': { type: 'string', default: '0' } } });
const catcher = await startMailCatcher({ smtpPort: Number(values['smtp-port']), httpPort: Number(values['http-port']) });
process.stdout.write(`${JSON.stringify({ ready: true, smtpUrl: catcher.smtpUrl, url: catcher.url })}\n`);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => { void catcher.stop().then(() => process.exit(0)); });
