import { Anchor, Button, Center, Stack, Table, Text } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { runsQuery } from '../../api/queries';
import { Instant, duration } from '../../parts/instant';
import { count } from '../../parts/numbers';
import { Empty, Failed, Loading } from '../../parts/state-view';
import { Status } from '../../parts/status';

const TRIGGERS: Record<string, string> = { schedule: 'schedule', manual: 'sync now', first: 'first sync', resync: 're-sync', replay: 'replay' };

/** Newest first; each leads to its pane. */
export function RunsTab() {
  const { sourceId } = useParams({ from: '/shell/sources/$sourceId' });
  const query = useInfiniteQuery(runsQuery(sourceId));
  if (query.data === undefined) return query.isError ? <Failed error={query.error} retry={() => void query.refetch()} /> : <Loading />;
  const runs = query.data.pages.flatMap(({ data }) => data);
  if (runs.length === 0) return <Empty icon={IconPlayerPlay} title="No run yet">The first one begins by itself within moments.</Empty>;
  return (
    <Stack>
      <Table.ScrollContainer minWidth={640}>
        <Table>
          <Table.Thead><Table.Tr><Table.Th>Run</Table.Th><Table.Th>State</Table.Th><Table.Th>Started by</Table.Th><Table.Th ta="right">Took</Table.Th><Table.Th ta="right">Records</Table.Th><Table.Th ta="right">API calls</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{runs.map((run) => (
            <Table.Tr key={run.id}>
              <Table.Td><Anchor component={Link} to={`/runs/${run.id}`}><Instant at={run.startedAt ?? run.createdAt} /></Anchor></Table.Td>
              <Table.Td><Status state={run.state} />{run.error !== null && <Text size="xs" className="wrap-anywhere" maw={380}>{run.error.title}</Text>}</Table.Td>
              <Table.Td>{TRIGGERS[run.trigger] ?? run.trigger}</Table.Td>
              <Table.Td ta="right">{run.startedAt === null || run.finishedAt === null ? '—' : duration((Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1_000)}</Table.Td>
              <Table.Td ta="right">{count(run.records)}</Table.Td>
              <Table.Td ta="right">{count(run.apiCalls)}</Table.Td>
            </Table.Tr>
          ))}</Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {query.hasNextPage && <Center><Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Older runs</Button></Center>}
    </Stack>
  );
}
