import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SHORT } from '../chaos/fault.js';
import { FAULTS } from '../chaos/faults.js';
import { World } from '../chaos/world.js';

const MINUTE = 60_000;
let world: World;

beforeAll(async () => { world = await World.start({ customers: 300, rate: 3 }); }, 5 * MINUTE);
afterAll(async () => { await world?.stop(); }, 3 * MINUTE);

/** Several faults one after the other, and one look at what is left; `npm run test:chaos` looks after each. */
async function survives(...names: readonly string[]): Promise<void> {
  const chosen = names.map((name) => FAULTS.find((fault) => fault.name === name));
  const { difference, doubled, lost, strayLetters, examples } = await world.survive(async (one) => {
    for (const fault of chosen) await fault?.run(one, SHORT);
    return `${chosen.length} faults`;
  });
  expect(chosen).not.toContain(undefined);
  expect({ difference, doubled, lost, strayLetters, examples }).toEqual({ difference: 0, doubled: 0, lost: 0, strayLetters: 0, examples: [] });
}

describe('faults under load: nothing is lost, nothing is doubled', () => {
  it('records that can not be stored, versions out of order, types that change', () => survives('poison', 'versions', 'types'), 8 * MINUTE);

  it('a warehouse that is away, read-only, held, dropped, loaded anew, lagging behind, and answers that are lost', () => survives('warehouse-away', 'lost-commit', 'read-only', 'table-held', 'table-dropped', 'offsets-reset', 'failover'), 12 * MINUTE);

  it('kill -9 of broker and PostgreSQL, a zombie, two schedulers', () => survives('kill-kafka', 'kill-postgres', 'zombie', 'two-schedulers'), 12 * MINUTE);
});
