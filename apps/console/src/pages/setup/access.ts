import { useQueries } from '@tanstack/react-query';
import { useEffect } from 'react';
import { answer, api, type Schemas } from '../../api/client';

export type Access = Schemas['CollectionAccessDto'];
export interface Credentials { readonly configuration: Record<string, string>; readonly grantId?: string }

/** Collections of one question: few enough that the first answers are there within a moment. */
const AT_ONCE = 10;

interface Asked { readonly connector: string; /** Of the credentials' test: what was asked before it doesn't count. */ readonly testedAt: number; readonly credentials: Credentials; readonly names: readonly string[]; readonly known: readonly Access[]; readonly isAsked: boolean; readonly keep: (access: readonly Access[]) => void }

/**
 * What the credentials may read, collection by collection as the partner answers. What is known already isn't asked for again.
 * @returns by name; `undefined`: being asked; the error is of the question itself
 */
export function useAccess({ connector, testedAt, credentials, names, known, isAsked, keep }: Asked): { readonly access: ReadonlyMap<string, Access>; readonly isAsking: boolean; readonly error: unknown; readonly again: () => void } {
  const chunks = Array.from({ length: Math.ceil(names.length / AT_ONCE) }, (_, index) => names.slice(index * AT_ONCE, (index + 1) * AT_ONCE));
  const has = new Set(known.map(({ collection }) => collection));
  const answers = useQueries({
    queries: chunks.map((collections) => ({
      // Secrets are in no key.
      queryKey: ['set-up', connector, 'access', testedAt, ...collections], enabled: isAsked && collections.some((name) => !has.has(name)), retry: false, staleTime: Infinity,
      queryFn: async () => (await answer(api.POST('/api/v1/sources/test', { body: { connector, ...credentials, collections: [...collections] } }))).access,
    })),
  });
  const fresh = answers.flatMap(({ data = [] }) => data).filter(({ collection }) => !has.has(collection));
  const count = fresh.length;
  useEffect(() => { if (count > 0) keep([...known, ...fresh]); });
  return {
    access: new Map([...known, ...fresh].map((one) => [one.collection, one])), isAsking: answers.some(({ isFetching }) => isFetching),
    error: answers.find(({ error }) => error !== null)?.error ?? null, again: () => { for (const one of answers) if (one.isError) void one.refetch(); },
  };
}
