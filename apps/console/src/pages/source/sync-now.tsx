import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { ApiProblem, answer, api } from '../../api/client';
import { useNow } from '../../parts/instant';
import { failed } from '../../parts/notify';
import type { Source } from './source';

/** Asks for a run and goes to watch it; inside the minute it counts down instead. */
export function SyncNow({ source }: { source: Source }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [until, setUntil] = useState(0);
  const now = useNow(until > 0 ? 250 : 60_000);
  const left = until > 0 ? Math.max(1, Math.ceil((until - now) / 1_000)) : 0;
  useEffect(() => {
    if (until === 0) return undefined;
    const over = setTimeout(() => setUntil(0), until - Date.now());
    return () => clearTimeout(over);
  }, [until]);
  const sync = useMutation({
    mutationFn: () => answer(api.POST('/api/v1/sources/{id}/sync', { params: { path: { id: source.id } } })),
    onSuccess: async (run) => {
      await queries.invalidateQueries({ queryKey: ['source', source.id] });
      await navigate({ to: `/runs/${run.id}` });
    },
    onError: (error) => {
      if (error instanceof ApiProblem && error.status === 429 && error.retryAfterSeconds !== undefined) setUntil(Date.now() + error.retryAfterSeconds * 1_000);
      else failed(error);
    },
  });
  return <Button loading={sync.isPending} disabled={left > 0} onClick={() => sync.mutate()} aria-live="polite">{left > 0 ? `Sync again in ${left} s` : 'Sync now'}</Button>;
}
