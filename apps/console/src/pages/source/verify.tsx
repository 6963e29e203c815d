import { Alert, Badge, Button, Group, Stack, Table, Text } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { answer, api, type Schemas } from '../../api/client';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { ErrorNotice } from '../../parts/error-notice';
import { Instant } from '../../parts/instant';
import { count, counted } from '../../parts/numbers';
import { Empty, Loaded } from '../../parts/state-view';

type Verification = Schemas['VerificationDto'];

const WATCH_MS = 1_500;
const isOpen = ({ state }: Verification): boolean => state === 'queued' || state === 'running';

/** Whether the partner, the topics and the warehouse hold the same records. */
export function VerifyTab() {
  const { sourceId } = useParams({ from: '/shell/sources/$sourceId' });
  const params = { path: { id: sourceId } };
  const mayEdit = useMay('editor');
  const query = useQuery({
    queryKey: ['source', sourceId, 'verifications'], queryFn: async () => (await answer(api.GET('/api/v1/sources/{id}/verifications', { params: { ...params, query: { limit: 10 } } }))).data,
    refetchInterval: ({ state: { data } }) => (data?.some(isOpen) === true ? WATCH_MS : false),
  });
  const start = useAction(() => answer(api.POST('/api/v1/sources/{id}/verify', { params })), { touches: [['source', sourceId, 'verifications']] });
  const button = (busy: boolean) => mayEdit && <Button loading={start.isPending || busy} onClick={() => start.mutate(undefined)}>Verify now</Button>;
  return (
    <Loaded query={query}>{([newest, ...older]) => newest === undefined
      ? <Empty icon={IconCircleCheck} title="Never verified" action={button(false)}>Reads everything that the partner has and compares it with the topics and the warehouse, record by record. Its calls count towards the usage.</Empty>
      : (
        <Stack>
          <Group justify="space-between"><Text>{isOpen(newest) ? newest.progress ?? 'Waiting for a fetcher …' : <>Verified <Instant at={newest.finishedAt} /> with {counted(newest.apiCalls, 'call')}.</>}</Text>{button(isOpen(newest))}</Group>
          {newest.error !== null && <ErrorNotice error={newest.error} />}
          {newest.difference === 0 && <Alert color="teal" icon={<IconCircleCheck aria-hidden />} title="Everything is the same everywhere">Each record of the partner is in the topics and in the warehouse, once, in its newest version.</Alert>}
          {newest.difference !== null && newest.difference > 0 && <Alert color="orange" title={`${counted(newest.difference, 'record')} differ`}>What changed while it was read may be among them: verify again. A replay makes rows again from what the partner sent.</Alert>}
          {newest.verdicts?.map((verdict) => <Verdict key={verdict.warehouseId} verdict={verdict} />)}
          {older.length > 0 && <Text size="sm" c="dimmed">Before: {older.filter(({ finishedAt }) => finishedAt !== null).map(({ id, finishedAt, difference }, index) => <span key={id}>{index > 0 && ', '}<Instant at={finishedAt} /> ({difference === null ? 'failed' : difference === 0 ? 'the same' : `${count(difference)} differed`})</span>)}</Text>}
        </Stack>
      )}</Loaded>
  );
}

function Verdict({ verdict }: { verdict: NonNullable<Verification['verdicts']>[number] }) {
  return (
    <Table.ScrollContainer minWidth={560}><Table>
      <Table.Thead><Table.Tr><Table.Th>Collection</Table.Th><Table.Th ta="right">Partner</Table.Th><Table.Th ta="right">Topic</Table.Th><Table.Th ta="right">Warehouse</Table.Th><Table.Th>Verdict</Table.Th></Table.Tr></Table.Thead>
      <Table.Tbody>{[...verdict.collections].sort((a, b) => b.difference - a.difference || a.collection.localeCompare(b.collection)).map((row) => (
        <Table.Tr key={row.collection}>
          <Table.Td>{row.collection}{row.note !== undefined && <Text size="xs" c="dimmed">{row.note}</Text>}{row.examples.map(({ id, problem }) => <Text key={id} size="xs" className="warns wrap-anywhere">{id}: {problem}</Text>)}</Table.Td>
          <Table.Td ta="right">{row.partner === undefined ? '—' : count(row.partner)}</Table.Td><Table.Td ta="right">{count(row.topic)}</Table.Td><Table.Td ta="right">{count(row.warehouse)}</Table.Td>
          <Table.Td>{row.difference === 0 ? <Text size="sm" className="works">✓ the same</Text> : <Badge color="orange" variant="light" tt="none">{counted(row.difference, 'record')} differ</Badge>}</Table.Td>
        </Table.Tr>
      ))}</Table.Tbody>
    </Table></Table.ScrollContainer>
  );
}
