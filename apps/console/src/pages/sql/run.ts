import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { answer, api, type Schemas } from '../../api/client';

export type QueryResult = Schemas['QueryResultDto'];

export interface QueryRun {
  readonly running: boolean;
  readonly cancelled: boolean;
  readonly result: QueryResult | undefined;
  readonly error: unknown;
  run(statement: string): Promise<void>;
  cancel(): void;
}

/** Runs one query at a time; going away from it cancels it in the warehouse too. */
export function useQueryRun(warehouseId: string): QueryRun {
  const queries = useQueryClient();
  const controller = useRef<AbortController | null>(null);
  const [state, setState] = useState<Omit<QueryRun, 'run' | 'cancel'>>({ running: false, cancelled: false, result: undefined, error: undefined });
  return {
    ...state,
    cancel: () => controller.current?.abort(),
    run: async (statement) => {
      controller.current?.abort();
      const own = controller.current = new AbortController();
      setState({ running: true, cancelled: false, result: undefined, error: undefined });
      const next = await answer(api.POST('/api/v1/warehouses/{id}/query', { params: { path: { id: warehouseId } }, body: { statement }, signal: own.signal })).then(
        (result) => ({ running: false, cancelled: false, result, error: undefined }),
        (error: unknown) => ({ running: false, cancelled: own.signal.aborted, result: undefined, error: own.signal.aborted ? undefined : error }),
      );
      if (controller.current === own) setState(next);
      await queries.invalidateQueries({ queryKey: ['warehouse', warehouseId, 'queries'] });
    },
  };
}
