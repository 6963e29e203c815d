import { ActionIcon, Badge, Button, Code, Group, Stack, Table, Text, Tooltip } from '@mantine/core';
import { IconHistory, IconStar, IconTrash } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { answer, api } from '../../api/client';
import { savedQueriesQuery, sqlHistoryQuery } from '../../api/queries';
import { useAction } from '../../parts/action';
import { Instant } from '../../parts/instant';
import { count } from '../../parts/numbers';
import { Empty, Failed, Loaded, Loading } from '../../parts/state-view';

const COLORS: Readonly<Record<string, string>> = { running: 'cyan', succeeded: 'teal', failed: 'red', cancelled: 'gray' };
const Statement = ({ text }: { text: string }) => <Code block className="wrap-anywhere" mah={110} style={{ overflow: 'auto', whiteSpace: 'pre-wrap' }} tabIndex={0} aria-label="Statement">{text}</Code>;

/** What everybody ran, newest first. */
export function History({ warehouseId, choose }: { warehouseId: string; choose: (statement: string) => void }) {
  const query = useInfiniteQuery(sqlHistoryQuery(warehouseId));
  const cancel = useAction((queryId: string) => answer(api.POST('/api/v1/warehouses/{id}/queries/{queryId}/cancel', { params: { path: { id: warehouseId, queryId } } })), { touches: [['warehouse', warehouseId, 'queries']], says: 'Cancelled.' });
  if (query.data === undefined) return query.isError ? <Failed error={query.error} retry={() => void query.refetch()} /> : <Loading />;
  const ran = query.data.pages.flatMap(({ data }) => data);
  if (ran.length === 0) return <Empty icon={IconHistory} title="Nothing was run yet">Queries and exports of everybody in the workspace are listed here.</Empty>;
  return (
    <Stack>
      <Table.ScrollContainer minWidth={640}>
        <Table>
          <Table.Thead><Table.Tr><Table.Th>When</Table.Th><Table.Th>Who</Table.Th><Table.Th>Statement</Table.Th><Table.Th>State</Table.Th><Table.Th ta="right">Rows</Table.Th><Table.Th ta="right">Seconds</Table.Th><Table.Th /></Table.Tr></Table.Thead>
          <Table.Tbody>{ran.map(({ id, startedAt, author, statement, state, rowCount, truncated, durationMs, error, kind }) => (
            <Table.Tr key={id}>
              <Table.Td style={{ whiteSpace: 'nowrap' }}><Instant at={startedAt} /></Table.Td>
              <Table.Td maw={200} className="wrap-anywhere">{author}</Table.Td>
              <Table.Td miw={260}><Statement text={statement} />{error !== null && <Text size="sm" span className="fails">{error.title}</Text>}</Table.Td>
              <Table.Td><Badge variant="light" tt="none" color={COLORS[state] ?? 'gray'}>{kind === 'export' ? `export ${state}` : state}</Badge></Table.Td>
              <Table.Td ta="right">{rowCount === null ? '' : `${count(rowCount)}${truncated === true ? '+' : ''}`}</Table.Td>
              <Table.Td ta="right">{durationMs === null ? '' : (durationMs / 1_000).toFixed(2)}</Table.Td>
              <Table.Td>{state === 'running' ? <Button size="xs" variant="default" onClick={() => cancel.mutate(id)}>Cancel</Button> : <Button size="xs" variant="subtle" onClick={() => choose(statement)}>Open</Button>}</Table.Td>
            </Table.Tr>
          ))}</Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {query.hasNextPage && <Group><Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Older ones</Button></Group>}
    </Stack>
  );
}

/** What was kept for later. */
export function Saved({ warehouseId, choose }: { warehouseId: string; choose: (statement: string) => void }) {
  const query = useQuery(savedQueriesQuery(warehouseId));
  const forget = useAction((savedId: string) => answer(api.DELETE('/api/v1/warehouses/{id}/saved-queries/{savedId}', { params: { path: { id: warehouseId, savedId } } })), { touches: [['warehouse', warehouseId, 'saved-queries']], says: 'Deleted.' });
  return <Loaded query={query}>{(saved) => (saved.length === 0
    ? <Empty icon={IconStar} title="No saved queries">Save one to share it with everybody who may run SQL.</Empty>
    : (
      <Table.ScrollContainer minWidth={560}>
        <Table>
          <Table.Thead><Table.Tr><Table.Th>Name</Table.Th><Table.Th>Statement</Table.Th><Table.Th>Saved</Table.Th><Table.Th /></Table.Tr></Table.Thead>
          <Table.Tbody>{saved.map(({ id, name, statement, author, updatedAt }) => (
            <Table.Tr key={id}>
              <Table.Td fw={600} className="wrap-anywhere">{name}</Table.Td>
              <Table.Td miw={260}><Statement text={statement} /></Table.Td>
              <Table.Td><Instant at={updatedAt} /> by {author}</Table.Td>
              <Table.Td><Group gap="xs" wrap="nowrap" justify="flex-end">
                <Button size="xs" variant="subtle" onClick={() => choose(statement)}>Open</Button>
                <Tooltip label="Delete"><ActionIcon variant="subtle" color="red" aria-label={`Delete ${name}`} onClick={() => forget.mutate(id)}><IconTrash size={18} /></ActionIcon></Tooltip>
              </Group></Table.Td>
            </Table.Tr>
          ))}</Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    ))}</Loaded>;
}
