import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { fuzz, fuzzedProduct } from '../e2e/support/fuzz.js';

/** Throws many requests at a gateway of its own, other ones at each call: the seed that it prints makes them again. @returns the exit status: 1 when something was found */
export async function main(args: readonly string[], { java }: { readonly java?: string }): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { examples: { type: 'string', default: '100' }, seconds: { type: 'string', default: '1800' }, seed: { type: 'string', default: String(randomInt(1_000_000)) } } });
  const { product, stop } = await fuzzedProduct(java);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop().finally(() => process.exit(1)));
  try {
    process.stdout.write(`Seed ${values.seed}: up to ${values.examples} requests of each operation and phase, ${values.seconds} s at the most.\n`);
    const found = await fuzz(product, { examples: Number(values.examples), seconds: Number(values.seconds), seed: Number(values.seed) });
    const failures = product.lines.filter(({ line }) => line.includes('A request failed.')).map(({ line }) => line);
    process.stdout.write(`${[found ?? 'Nothing was found.', ...new Set(failures)].join('\n')}\n`);
    return found === undefined && failures.length === 0 ? 0 : 1;
  } finally {
    await stop();
  }
}
