import { beforeEach, describe, expect, it } from '@jest/globals';
import { rememberCoordinators } from './coordinators.js';

let clock = 0;
let asked: string[] = [];
let coordinator = 1;
let away: number[] = [];

class Cluster {
  findGroupCoordinator({ groupId, coordinatorType = 0 }: { readonly groupId: string; readonly coordinatorType?: number }): Promise<{ nodeId: number }> {
    asked.push(`${coordinatorType}/${groupId}`);
    return Promise.resolve({ nodeId: coordinator });
  }

  findBroker({ nodeId }: { readonly nodeId: number }): Promise<{ nodeId: number }> {
    return away.includes(nodeId) ? Promise.reject(new Error('ECONNREFUSED')) : Promise.resolve({ nodeId });
  }
}
rememberCoordinators(Cluster.prototype, () => clock);

beforeEach(() => { [clock, asked, coordinator, away] = [0, [], 1, []]; });

describe('who coordinates', () => {
  it('is asked once in a second, of each group and of each id apart', async () => {
    const cluster = new Cluster();
    for (let turn = 0; turn < 3; turn++) {
      await cluster.findGroupCoordinator({ groupId: 'a' });
      await cluster.findGroupCoordinator({ groupId: 'a', coordinatorType: 1 });
      await cluster.findGroupCoordinator({ groupId: 'b' });
    }
    expect(asked).toEqual(['0/a', '1/a', '0/b']);
    await new Cluster().findGroupCoordinator({ groupId: 'a' });
    expect(asked).toHaveLength(4);
    coordinator = 2;
    clock = 1_000;
    expect(await cluster.findGroupCoordinator({ groupId: 'a' })).toEqual({ nodeId: 2 });
  });

  it('is asked anew when the one that was known is away', async () => {
    const cluster = new Cluster();
    await cluster.findGroupCoordinator({ groupId: 'a' });
    [coordinator, away] = [2, [1]];
    expect(await cluster.findGroupCoordinator({ groupId: 'a' })).toEqual({ nodeId: 2 });
    expect(await cluster.findGroupCoordinator({ groupId: 'a' })).toEqual({ nodeId: 2 });
    expect(asked).toHaveLength(2);
  });
});
