import type { Connector } from './connector.js';
import { parentsOf } from './declaration.js';

/** A reader that a run needs, with the selected collections whose records come in its pages. */
export interface ReadPlan {
  readonly reader: string;
  readonly feeds: readonly string[];
}

/**
 * What a run reads, in order: the change feed first (it knows whether it has anything to do), then the reader of every
 * selected collection or part. A deselected collection has no reader here and costs no call.
 * @param done collections that an earlier part of the run has read
 */
export function planReads(connector: Pick<Connector, 'declaration' | 'readers' | 'changeFeed'>, selected: ReadonlySet<string>, done: ReadonlySet<string> = new Set()): ReadPlan[] {
  const { declaration: { collections }, readers, changeFeed } = connector;
  return Object.keys(readers)
    .map((reader) => ({
      reader,
      feeds: collections.filter((collection) => selected.has(collection.name) && (collection.name === reader || parentsOf(collection).includes(reader))).map(({ name }) => name),
    }))
    .filter(({ reader, feeds }) => reader === changeFeed || feeds.some((name) => !done.has(name)))
    .sort((a, b) => Number(b.reader === changeFeed) - Number(a.reader === changeFeed));
}
