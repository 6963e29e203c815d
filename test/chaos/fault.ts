import type { World } from './world.js';

/** How long and how often, short by default. */
export interface Extent {
  /** kill -9 of each service. */
  readonly kills: number;
  /** How long the warehouse is away, in ms. */
  readonly awayMs: number;
  /** How long the broker is away, in ms. */
  readonly brokerMs: number;
}

export const SHORT: Extent = { kills: 1, awayMs: 8_000, brokerMs: 6_000 };
export const LONG: Extent = { kills: 20, awayMs: 600_000, brokerMs: 60_000 };

export interface Fault {
  readonly name: string;
  readonly about: string;
  /** Under load, which goes on until it returns. @returns figures worth printing. @throws when a promise is broken meanwhile */
  run(world: World, extent: Extent): Promise<string>;
}

/** How long something takes, in words. */
export async function seconds(work: Promise<unknown>): Promise<string> {
  const begin = performance.now();
  await work;
  return `${((performance.now() - begin) / 1000).toFixed(1)} s`;
}
