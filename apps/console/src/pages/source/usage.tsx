import { Alert, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { answer, api } from '../../api/client';
import { count } from '../../parts/numbers';
import { Loaded, Loading } from '../../parts/state-view';

const UsageChart = lazy(() => import('./usage-chart'));

/** Calls a day, by collection, against the partner's limit. */
export function UsageTab() {
  const { sourceId } = useParams({ from: '/shell/sources/$sourceId' });
  const query = useQuery({ queryKey: ['source', sourceId, 'usage'], queryFn: () => answer(api.GET('/api/v1/sources/{id}/usage', { params: { path: { id: sourceId } } })) });
  return (
    <Loaded query={query}>{(usage) => (
      <Stack>
        <Text><b>{count(usage.total)}</b> calls in these days{usage.limitPerDay !== null && <>; the partner allows {count(usage.limitPerDay)} a day</>}.</Text>
        {usage.data.length === 0 ? <Alert variant="light" title="No call yet">Every call to the partner is counted here, by collection and day.</Alert> : <Suspense fallback={<Loading rows={6} />}><UsageChart usage={usage} /></Suspense>}
      </Stack>
    )}</Loaded>
  );
}
