import { parseCondition } from './condition.js';
import type { ForwardedEvent } from './event.js';

/** Which events a destination gets; what isn't there lets everything through. */
export interface EventFilter {
  /** Ids of sources. */
  readonly sources?: readonly string[];
  /** Names as `customer_created`; a `*` stands for anything, as in `customer_*`. */
  readonly events?: readonly string[];
  /** See condition.ts. */
  readonly condition?: string;
}

/** @throws ConditionError */
export function compileFilter({ sources, events, condition }: EventFilter): (event: ForwardedEvent) => boolean {
  const fromSources = sources === undefined || sources.length === 0 ? undefined : new Set(sources);
  const names = events === undefined || events.length === 0 ? undefined : events.map((name) => new RegExp(`^${name.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&')).join('.*')}$`));
  const holds = condition === undefined || condition.trim() === '' ? undefined : parseCondition(condition);
  return ({ sourceId, event, data }) =>
    (fromSources === undefined || fromSources.has(sourceId)) && (names === undefined || names.some((name) => name.test(event))) && (holds === undefined || holds(data));
}
