import { Badge, Button, Center, Code, Group, SegmentedControl, Stack, Table, Text, UnstyledButton } from '@mantine/core';
import { IconInbox } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { Fragment, useState } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { deliveriesQuery, destinationQuery, type DeliveryState } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Clock, Instant } from '../../parts/instant';
import { count, counted } from '../../parts/numbers';
import { Empty, Failed, Loading } from '../../parts/state-view';

type Delivery = Schemas['EventDeliveryDto'];

const LOOKS: Readonly<Record<DeliveryState, readonly [color: string, text: string]>> = { waiting: ['violet', 'waiting'], delivered: ['teal', 'delivered'], failed: ['red', 'failed'] };

/** What was sent to a destination, with every try; what failed can be sent again. */
export function DeliveryLogTab() {
  const { destinationId } = useParams({ from: '/shell/destinations/$destinationId' });
  const mayEdit = useMay('editor');
  const [state, setState] = useState<DeliveryState | 'all'>('all');
  const { data: destination } = useQuery(destinationQuery(destinationId));
  const query = useInfiniteQuery(deliveriesQuery(destinationId, state === 'all' ? undefined : state));
  const retry = useAction(() => answer(api.POST('/api/v1/destinations/{id}/deliveries/retry', { params: { path: { id: destinationId } } })), { touches: [['destination', destinationId]], says: 'They are sent again, in the order in which they arrived.' });
  const { failed = 0, waiting = 0 } = destination?.deliveries ?? {};
  const labelled = (label: string, value: number): string => (value === 0 ? label : `${label} (${value >= 10_000 ? '10,000+' : count(value)})`);
  return (
    <Stack>
      <Group justify="space-between">
        <SegmentedControl aria-label="State" value={state} onChange={(value) => setState(value as DeliveryState | 'all')} data={[{ value: 'all', label: 'All' }, { value: 'waiting', label: labelled('Waiting', waiting) }, { value: 'failed', label: labelled('Failed', failed) }, { value: 'delivered', label: 'Delivered' }]} />
        {mayEdit && failed > 0 && <Button loading={retry.isPending} onClick={() => retry.mutate(undefined)}>Retry all failed</Button>}
      </Group>
      {query.data === undefined ? query.isError ? <Failed error={query.error} retry={() => void query.refetch()} /> : <Loading />
        : <Deliveries deliveries={query.data.pages.flatMap(({ data }) => data)} state={state} destinationId={destinationId} mayEdit={mayEdit} />}
      {query.hasNextPage && <Center><Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Older ones</Button></Center>}
    </Stack>
  );
}

function Deliveries({ deliveries, state, destinationId, mayEdit }: { deliveries: readonly Delivery[]; state: DeliveryState | 'all'; destinationId: string; mayEdit: boolean }) {
  const [opened, setOpened] = useState<string>();
  if (deliveries.length === 0) return <Empty icon={IconInbox} title={state === 'all' ? 'Nothing was sent yet' : 'Nothing here'}>{state === 'all' && 'Events that arrive from now on show up here, within a second. "Send a test event" shows at once whether the destination works.'}</Empty>;
  return (
    <Table.ScrollContainer minWidth={560}><Table>
      <Table.Thead><Table.Tr><Table.Th>Event</Table.Th><Table.Th>State</Table.Th><Table.Th>Tries</Table.Th><Table.Th>Arrived</Table.Th></Table.Tr></Table.Thead>
      <Table.Tbody>{deliveries.map((delivery) => {
        const { id, event, connector, collection, state: now, attempts, createdAt, log } = delivery;
        const [color, text] = LOOKS[now];
        const last = log.at(-1);
        const isOpen = opened === id;
        return (
          <Fragment key={id}>
            <Table.Tr>
              <Table.Td><UnstyledButton fw={600} fz="sm" aria-expanded={isOpen} onClick={() => setOpened(isOpen ? undefined : id)}>{event}</UnstyledButton><Text size="xs" c="dimmed">{connector} · {collection}</Text></Table.Td>
              <Table.Td maw={320}><Badge color={color} variant="light" tt="none">{text}</Badge>{now !== 'delivered' && last !== undefined && last.explanation !== null && <Text size="xs" mt={4}>{last.explanation.title}</Text>}</Table.Td>
              <Table.Td>{counted(attempts, 'try', 'tries')}{last !== undefined && <Text size="xs" c="dimmed">{last.status ?? last.error}, {last.durationMs} ms</Text>}</Table.Td>
              <Table.Td><Instant at={createdAt} /></Table.Td>
            </Table.Tr>
            {isOpen && <Table.Tr><Table.Td colSpan={4}><DeliveryDetail delivery={delivery} destinationId={destinationId} mayEdit={mayEdit} /></Table.Td></Table.Tr>}
          </Fragment>
        );
      })}</Table.Tbody>
    </Table></Table.ScrollContainer>
  );
}

function DeliveryDetail({ delivery, destinationId, mayEdit }: { delivery: Delivery; destinationId: string; mayEdit: boolean }) {
  const { id, messageId, orderKey, state, nextTryAt, log } = delivery;
  const params = { path: { id: destinationId, deliveryId: id } };
  const { data: detail } = useQuery({ queryKey: ['destination', destinationId, 'delivery', id], queryFn: () => answer(api.GET('/api/v1/destinations/{id}/deliveries/{deliveryId}', { params })) });
  const retry = useAction(() => answer(api.POST('/api/v1/destinations/{id}/deliveries/{deliveryId}/retry', { params })), { touches: [['destination', destinationId]], says: 'It is sent again.' });
  const remedy = state === 'delivered' ? undefined : log.at(-1)?.explanation?.remedy;
  return (
    <Stack gap="sm" py="xs">
      {remedy !== undefined && <Text size="sm"><b>What to do:</b> {remedy}</Text>}
      {state === 'waiting' && nextTryAt !== null && <Text size="sm">Next try: <Instant at={nextTryAt} />, after those before it about the same.</Text>}
      <Text size="xs" c="dimmed" className="wrap-anywhere">Id at every try: <span className="mono">{messageId}</span> · in order with: <span className="mono">{orderKey}</span></Text>
      {log.length > 0 && (
        <Table aria-label="Tries"><Table.Thead><Table.Tr><Table.Th>When</Table.Th><Table.Th>Answer</Table.Th><Table.Th>Time</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{log.map(({ at, status, error, durationMs, answer: said }, index) => (
            <Table.Tr key={`${at} ${index}`}><Table.Td><Clock at={at} /></Table.Td><Table.Td className="wrap-anywhere">{status ?? error}{said !== null && said !== '' && <Text size="xs" className="mono">{said}</Text>}</Table.Td><Table.Td>{durationMs} ms</Table.Td></Table.Tr>
          ))}</Table.Tbody></Table>
      )}
      {detail !== undefined && detail.payload !== null && <Code block mah={240} style={{ overflow: 'auto', whiteSpace: 'pre-wrap' }} tabIndex={0} aria-label="Event" className="wrap-anywhere">{pretty(detail.payload)}</Code>}
      {mayEdit && state !== 'delivered' && <Group><Button size="xs" loading={retry.isPending} onClick={() => retry.mutate(undefined)}>{state === 'failed' ? 'Retry' : 'Try now'}</Button></Group>}
    </Stack>
  );
}

/** Set out in lines, where that changes nothing: a long number would be rounded. */
function pretty(json: string): string {
  if (/\d{16}/.test(json)) return json;
  try { return JSON.stringify(JSON.parse(json), undefined, 2); } catch { return json; }
}
