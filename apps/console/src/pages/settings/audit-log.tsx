import { Badge, Group, Select, Stack, Table, Text, Title } from '@mantine/core';
import { IconListDetails } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Schemas } from '../../api/client';
import { auditActionsQuery, auditLogQuery, membersQuery, type AuditFilter } from '../../api/queries';
import { useMay } from '../../api/session';
import { Instant } from '../../parts/instant';
import { Listed } from '../../parts/listed';
import { Empty } from '../../parts/state-view';

type Entry = Schemas['AuditEntryDto'];

/** Who did what to what, when and from where. */
export const AuditLogTab = () => (useMay('owner') ? <AuditLog /> : <Text>The audit log is the owners' to read. Ask an owner of the workspace.</Text>);

function AuditLog() {
  const [filter, setFilter] = useState<AuditFilter>({});
  const query = useInfiniteQuery(auditLogQuery(filter));
  const actions = useQuery(auditActionsQuery);
  const members = useInfiniteQuery(membersQuery);
  const set = <K extends keyof AuditFilter>(name: K, value: AuditFilter[K] | null): void => setFilter(({ [name]: _, ...rest }) => (value === null ? rest : { ...rest, [name]: value }) as AuditFilter);
  return (
    <Stack>
      <div><Title order={2}>Audit log</Title><Text size="sm" c="dimmed">Every request that changes something, refused ones and sign-ins too. Nobody can change it; secrets are not in it.</Text></div>
      <Group>
        <Select aria-label="Action" w={260} clearable searchable placeholder="All actions" data={(actions.data ?? []).map(({ action, title }) => ({ value: action, label: title }))} value={filter.action ?? null} onChange={(value) => set('action', value)} />
        <Select aria-label="Person" w={220} clearable searchable placeholder="Everybody" data={(members.data?.pages ?? []).flatMap(({ data }) => data).map(({ id, email }) => ({ value: id, label: email }))} value={filter.actorId ?? null} onChange={(value) => set('actorId', value)} />
        <Select aria-label="Outcome" w={150} clearable placeholder="Any outcome" data={[{ value: 'done', label: 'done' }, { value: 'refused', label: 'refused' }]} value={filter.outcome ?? null} onChange={(value) => set('outcome', value as AuditFilter['outcome'] | null)} />
      </Group>
      <Listed query={query} more="Older entries" empty={<Empty icon={IconListDetails} title="No entry">{Object.keys(filter).length > 0 ? 'None that the filter lets through.' : 'What people and programs change is listed here.'}</Empty>}>{(entries: readonly Entry[]) => (
        <Table.ScrollContainer minWidth={900} scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'region', 'aria-label': 'Entries' } }}><Table>
          <Table.Thead><Table.Tr><Table.Th>When</Table.Th><Table.Th>Who</Table.Th><Table.Th>What</Table.Th><Table.Th>Outcome</Table.Th><Table.Th>From</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{entries.map((entry) => (
            <Table.Tr key={entry.id}>
              <Table.Td miw={120} style={{ whiteSpace: 'nowrap' }}><Instant at={entry.at} /></Table.Td>
              <Table.Td className="wrap-anywhere" miw={200}>{entry.actor.name}{entry.actor.kind === 'api_key' && <Text size="xs" c="dimmed">API key</Text>}</Table.Td>
              <Table.Td>
                {entry.title}
                {(entry.targetName ?? entry.targetId) !== null && entry.targetName !== entry.actor.name && <Text size="xs" className="wrap-anywhere">{entry.targetName ?? entry.targetId}</Text>}
                <Changes changes={entry.changes} />
              </Table.Td>
              <Table.Td><Outcome status={entry.status} /></Table.Td>
              <Table.Td><span className="mono">{entry.ip}</span><Text size="xs" c="dimmed" maw={220} truncate title={entry.userAgent}>{entry.userAgent}</Text></Table.Td>
            </Table.Tr>
          ))}</Table.Tbody>
        </Table></Table.ScrollContainer>
      )}</Listed>
    </Stack>
  );
}

const Changes = ({ changes }: { changes: Entry['changes'] }) => Object.keys(changes).length === 0 ? null : (
  <Text size="xs" c="dimmed" className="wrap-anywhere">{Object.entries(changes).map(([field, value]) => (value === null ? field : `${field}: ${String(value)}`)).join(', ')}</Text>
);

function Outcome({ status }: { status: number | null }) {
  if (status === null) return <Badge color="orange" variant="light" tt="none">no answer</Badge>;
  return status < 400 ? <Badge color="teal" variant="light" tt="none">done</Badge> : <Badge color="red" variant="light" tt="none">refused ({status})</Badge>;
}
