import { Anchor, Progress, Stack, Table, Text } from '@mantine/core';
import { IconChartBar } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { answer, api } from '../../api/client';
import { overviewQuery, sourcesQuery } from '../../api/queries';
import { count } from '../../parts/numbers';
import { Page } from '../../parts/page';
import { Empty, Loaded, Loading } from '../../parts/state-view';

const DayChart = lazy(() => import('../../parts/day-chart'));

const DAYS = 30;

/** Calls of all sources a day, and how much each may still make today. */
export function UsagePage() {
  const query = useQuery({ queryKey: ['sources', 'usage'], queryFn: () => answer(api.GET('/api/v1/usage')) });
  const overview = useQuery(overviewQuery);
  const sources = useQuery(sourcesQuery);
  const nameOf = (id: string): string => sources.data?.find((source) => source.id === id)?.name ?? 'a source';
  return (
    <Page title="Usage" lead="API calls a day by source. A source's own page shows them by collection, and has its budget.">
      <Loaded query={query} rows={8}>{({ data, total }) => (data.length === 0
        ? <Empty icon={IconChartBar} title="No call yet">Every call to a partner is counted here.</Empty>
        : (
          <Stack gap="lg">
            <Text><b className="numbers">{count(total)}</b> calls in the last {DAYS} days.</Text>
            <Suspense fallback={<Loading rows={6} />}><DayChart values={data.map(({ day, sourceId, calls }) => ({ day, name: nameOf(sourceId), value: calls }))} /></Suspense>
            <Loaded query={overview}>{({ sources: glances }) => (
              <Table.ScrollContainer minWidth={560}><Table>
                <Table.Thead><Table.Tr><Table.Th>Source</Table.Th><Table.Th ta="right">Today (UTC)</Table.Th><Table.Th ta="right">Allowed a day</Table.Th><Table.Th w="30%">Used</Table.Th></Table.Tr></Table.Thead>
                <Table.Tbody>{glances.map(({ sourceId, calls, limit }) => (
                  <Table.Tr key={sourceId}>
                    <Table.Td><Anchor component={Link} to={`/sources/${sourceId}/usage`} fw={600}>{nameOf(sourceId)}</Anchor></Table.Td>
                    <Table.Td ta="right">{count(calls)}</Table.Td>
                    <Table.Td ta="right">{limit === null ? 'no daily limit' : <>{count(limit.perDay)} <Text span size="xs" c="dimmed">{limit.kind === 'budget' ? 'budget' : 'partner'}</Text></>}</Table.Td>
                    <Table.Td>{limit !== null && <Progress value={100 * calls / limit.perDay} aria-label={`${nameOf(sourceId)}: ${Math.round(100 * calls / limit.perDay)} % of today's calls`} />}</Table.Td>
                  </Table.Tr>
                ))}</Table.Tbody>
              </Table></Table.ScrollContainer>
            )}</Loaded>
          </Stack>
        ))}</Loaded>
    </Page>
  );
}
