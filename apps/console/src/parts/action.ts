import { useMutation, useQueryClient } from '@tanstack/react-query';
import { done, failed } from './notify';

/** A button's work: the queries that it touches are read again, and people are told how it went. */
export function useAction<I, T>(work: (input: I) => Promise<T>, { touches, says, then }: { touches: readonly (readonly unknown[])[]; says?: string; then?: (result: T, input: I) => unknown }) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: work,
    onSuccess: async (result, input) => {
      await Promise.all(touches.map((queryKey) => queries.invalidateQueries({ queryKey })));
      if (says !== undefined) done(says);
      await then?.(result, input);
    },
    onError: failed,
  });
}
