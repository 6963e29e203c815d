import { Anchor, Badge, Button, Stack, Table, Tabs, Text } from '@mantine/core';
import { IconMathFunction, IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMay } from '../../api/session';
import { Instant } from '../../parts/instant';
import { count } from '../../parts/numbers';
import { Page } from '../../parts/page';
import { Empty, Loaded } from '../../parts/state-view';
import { AUDIENCES, TRAITS, intervalInWords, modelsQuery, type Kind, type Model } from './kinds';

export const AudiencesPage = () => <Models kind={AUDIENCES} />;
export const TraitsPage = () => <Models kind={TRAITS} />;

/** Traits or audiences, each with its size and how fresh it is. */
function Models({ kind }: { kind: Kind }) {
  const query = useQuery(modelsQuery(kind));
  const mayEdit = useMay('editor');
  const navigate = useNavigate();
  const add = mayEdit && <Button component={Link} to={`${kind.path}/new`}>New {kind.one}</Button>;
  return (
    <Page title={kind.title} actions={add} lead={kind.what}>
      <Tabs value={kind.path} onChange={(to) => void navigate({ to: to ?? kind.path })}>
        <Tabs.List mb="md">{[AUDIENCES, TRAITS].map(({ path, title }) => <Tabs.Tab key={path} value={path}>{title}</Tabs.Tab>)}</Tabs.List>
        <Tabs.Panel value={kind.path}>
          <Loaded query={query}>{(models) => (models.length === 0
            ? <Empty icon={kind.kind === 'trait' ? IconMathFunction : IconUsersGroup} title={`No ${kind.title.toLowerCase()} yet`} action={add}>{kind.what} It is computed on a schedule, kept as a table in the warehouse, and every change is told on a topic.</Empty>
            : <List kind={kind} models={models} />)}</Loaded>
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function List({ kind, models }: { kind: Kind; models: readonly Model[] }) {
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table>
        <Table.Thead><Table.Tr><Table.Th>Name</Table.Th><Table.Th ta="right">Users</Table.Th><Table.Th>Computed</Table.Th><Table.Th>Schedule</Table.Th><Table.Th>State</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>{models.map((model) => (
          <Table.Tr key={model.id}>
            <Table.Td><Stack gap={0}><Anchor component={Link} to={`${kind.path}/${model.id}`} fw={600} className="wrap-anywhere">{model.name}</Anchor>{model.description !== '' && <Text size="sm" c="dimmed" className="wrap-anywhere">{model.description}</Text>}</Stack></Table.Td>
            <Table.Td ta="right">{model.lastSuccess?.size === undefined || model.lastSuccess.size === null ? '–' : count(model.lastSuccess.size)}</Table.Td>
            <Table.Td><Instant at={model.lastSuccess?.finishedAt ?? null} /></Table.Td>
            <Table.Td>{intervalInWords(model.intervalMinutes)}</Table.Td>
            <Table.Td><ModelState model={model} /></Table.Td>
          </Table.Tr>
        ))}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** What it is doing, in a word. */
export function ModelState({ model: { enabled, lastRun, deleting } }: { model: Model }) {
  const [color, text] = deleting !== null ? [deleting.error === null ? 'gray' : 'red', 'deleting'] : lastRun?.state === 'running' ? ['cyan', 'computing'] : lastRun?.state === 'queued' ? ['gray', 'waiting'] : lastRun?.state === 'failed' ? ['red', 'failed'] : enabled ? ['teal', 'up to date'] : ['gray', 'disabled'];
  return <Badge color={color} variant="light" tt="none">{text}</Badge>;
}
