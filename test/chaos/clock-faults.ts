import { pathToFileURL } from 'node:url';
import { compiled } from '../../deploy/local/src/project.js';
import type { Fault } from './fault.js';
import type { World } from './world.js';

const HOUR_MS = 3_600_000;
/** Those that compare times or make versions of them. The webhook gateway isn't among them: on a wrong clock it refuses the partner's signatures, which are sent again. */
const SERVICES = ['scheduler', 'fetcher', 'normalizer', 'warehouse-loader'] as const;

async function moved({ product }: World, byMs: number, number: 2 | 3, work: () => Promise<void>): Promise<void> {
  const env = { CLOCK_MOVED_MS: String(byMs), NODE_OPTIONS: `--import=${pathToFileURL(compiled('test', 'chaos', 'moved-clock.js')).href}` };
  for (const name of SERVICES) await product.another(name, env, number);
  for (const name of SERVICES) await product.gone(name);
  await work();
  for (const name of SERVICES) await product.back(name);
  for (const name of SERVICES) await product.gone(`${name}-${number}`);
}

const clock = (name: string, about: string, byMs: number, number: 2 | 3): Fault => ({
  name, about,
  async run(world) {
    const { product, source } = world;
    await moved(world, byMs, number, async () => {
      await world.loads();
      // What the partner changes while the clock is wrong must not hide what it changes afterwards
      for (let time = 0; time < 3; time += 1) await world.loads();
      const [active] = await product.control.rows<{ n: string }>(`select count(*) as n from runs where source_id = $1 and state in ('queued', 'running', 'deferred')`, [source.id]);
      if (Number(active?.n) > 1) throw new Error(`${active?.n} runs of one source at a time.`);
    });
    await world.loads();
    return 'scheduler, fetcher, normaliser and loader worked with it, then the clock was right again';
  },
});

export const CLOCK_FAULTS: readonly Fault[] = [
  clock('clock-ahead', 'the clocks of the services are an hour ahead, then right again', HOUR_MS, 2),
  clock('clock-behind', 'the clocks of the services are an hour behind, then right again', -HOUR_MS, 3),
];
