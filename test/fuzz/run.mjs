/** `npm run fuzz [-- --examples 200 --seconds 1800 --seed 7]`: prepares like `npm start`, then hands over to the compiled program. */
import { join } from 'node:path';
import { endWith, prepare, root } from '../../deploy/local/prepare.mjs';

try {
  const { java } = await prepare({ kafka: true });
  const { main } = await import(join(root, 'dist/test/fuzz/main.js'));
  process.exitCode = await main(process.argv.slice(2), { java });
} catch (error) {
  endWith(error);
}
