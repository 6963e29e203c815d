/** `npm start`: prepares what is missing, then hands over to the compiled stack. */
import { join } from 'node:path';
import { endWith, prepare, root } from './prepare.mjs';

try {
  const asksForHelp = process.argv.slice(2).some((arg) => arg === '--help' || arg === '-h');
  const { java } = await prepare({ kafka: !process.env.KAFKA_BROKERS && !asksForHelp });
  const { main } = await import(join(root, 'dist/deploy/local/src/main.js'));
  await main(process.argv.slice(2), { java });
} catch (error) {
  endWith(error);
}
