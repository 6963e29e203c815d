import { PermissionDeniedError } from '#contracts';
import type { CollectionAccess } from './connector.js';

/**
 * Tries each collection with one cheap request, all at a time. A missing permission is a result, anything else is thrown.
 * @param probe asks the partner for (next to) nothing of the collection
 */
export function checkAccess(collections: readonly string[], probe: (collection: string) => Promise<unknown>): Promise<CollectionAccess[]> {
  return Promise.all(collections.map(async (collection): Promise<CollectionAccess> => {
    try {
      await probe(collection);
      return { collection, readable: true };
    } catch (thrown) {
      if (thrown instanceof PermissionDeniedError) return { collection, readable: false, error: thrown.report() };
      throw thrown;
    }
  }));
}
