import { Badge, Box, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { answer, api } from '../../api/client';
import { Instant } from '../../parts/instant';
import { count, counted } from '../../parts/numbers';
import { Loaded } from '../../parts/state-view';

const WATCH_MS = 3_000;

const deliveriesQuery = (sourceId: string) => ({
  queryKey: ['source', sourceId, 'deliveries'], refetchInterval: WATCH_MS,
  queryFn: () => answer(api.GET('/api/v1/sources/{id}/webhook/deliveries', { params: { path: { id: sourceId }, query: { limit: 50 } } })),
});

/** Whether webhooks arrive: dark until the first one came, red when the last one was refused. */
export function DeliveryLight({ sourceId }: { sourceId: string }) {
  const { data } = useQuery(deliveriesQuery(sourceId));
  if (data === undefined) return null;
  const { lastTakenAt, lastRefusedAt } = data;
  const refused = lastRefusedAt !== null && (lastTakenAt === null || lastRefusedAt > lastTakenAt);
  const color = refused ? 'red.7' : lastTakenAt === null ? 'gray.5' : 'teal.6';
  return (
    <Group gap="sm" role="status" wrap="nowrap">
      <Box w={14} h={14} bg={color} style={{ borderRadius: '50%', flex: 'none' }} className={lastTakenAt === null && !refused ? 'waits' : undefined} aria-hidden />
      <Text size="sm" fw={600}>{refused ? <>The last webhook was refused, <Instant at={lastRefusedAt} />: {data.data[0]?.reason}</> : lastTakenAt === null ? 'Waiting for the first event …' : <>Webhooks arrive; the last one <Instant at={lastTakenAt} /></>}</Text>
    </Group>
  );
}

/** The newest webhooks and how they were answered. */
export function Deliveries({ sourceId }: { sourceId: string }) {
  const query = useQuery(deliveriesQuery(sourceId));
  return (
    <Stack gap="xs">
      <Title order={2}>Deliveries</Title>
      <Loaded query={query}>{({ data, taken, refused }) => (data.length === 0 ? <Text size="sm" c="dimmed">No webhook came yet. Enter the address above at the partner's and send a test event.</Text> : (
        <>
          <Text size="sm">Last 24 hours: {counted(taken, 'webhook')} taken, {count(refused)} refused.</Text>
          <Table.ScrollContainer minWidth={560}><Table>
            <Table.Thead><Table.Tr><Table.Th>Received</Table.Th><Table.Th>Answered</Table.Th><Table.Th>The partner's id</Table.Th><Table.Th ta="right">Bytes</Table.Th><Table.Th ta="right">Took</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>{data.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Td><Instant at={one.receivedAt} /></Table.Td>
                <Table.Td><Badge variant="light" tt="none" color={one.status === 200 ? 'teal' : one.status === 503 ? 'orange' : 'red'}>{one.status}</Badge>{one.status !== 200 && <Text size="xs" maw={360}>{one.reason}</Text>}</Table.Td>
                <Table.Td className="mono wrap-anywhere">{one.deliveryId ?? '—'}</Table.Td><Table.Td ta="right">{count(one.bytes)}</Table.Td><Table.Td ta="right">{one.durationMs} ms</Table.Td>
              </Table.Tr>
            ))}</Table.Tbody>
          </Table></Table.ScrollContainer>
        </>
      ))}</Loaded>
    </Stack>
  );
}
