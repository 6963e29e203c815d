/** `npm run bench [-- s1 s3 --scale 0.1 --json figures.json]`: prepares like `npm start`, then hands over to the compiled benchmarks. */
import { join } from 'node:path';
import { endWith, prepare, root } from '../../deploy/local/prepare.mjs';

try {
  const { java } = await prepare({ kafka: true });
  const { main } = await import(join(root, 'dist/test/bench/main.js'));
  process.exitCode = await main(process.argv.slice(2), { java });
} catch (error) {
  endWith(error);
}
