/** `npm run test:chaos [-- kill-fetcher zombie --long --json chaos.json]`: prepares like `npm start`, then hands over to the compiled program. */
import { join } from 'node:path';
import { endWith, prepare, root } from '../../deploy/local/prepare.mjs';

try {
  const { java } = await prepare({ kafka: true });
  const { main } = await import(join(root, 'dist/test/chaos/main.js'));
  process.exitCode = await main(process.argv.slice(2), { java });
} catch (error) {
  endWith(error);
}
