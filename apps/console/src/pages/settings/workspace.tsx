import { Badge, Button, Group, Select, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { workspacesQuery } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Loaded } from '../../parts/state-view';
import { useSwitchWorkspace } from '../../shell/workspace-menu';

type Workspace = Schemas['WorkspaceSettingsDto'];

/** The workspace's own settings, and the others that the person is in. */
export function WorkspaceTab() {
  const owner = useMay('owner');
  const workspace = useQuery({ queryKey: ['workspace'], queryFn: () => answer(api.GET('/api/v1/workspace')) });
  return (
    <Stack gap="xl" maw={760}>
      <Loaded query={workspace}>{(settings) => <WorkspaceForm key={`${settings.id} ${settings.name} ${settings.timeZone}`} settings={settings} mayChange={owner} />}</Loaded>
      <Workspaces mayCreate={owner} />
    </Stack>
  );
}

function WorkspaceForm({ settings, mayChange }: { settings: Workspace; mayChange: boolean }) {
  const [name, setName] = useState(settings.name);
  const [timeZone, setTimeZone] = useState(settings.timeZone);
  const save = useAction(() => answer(api.PATCH('/api/v1/workspace', { body: { name, timeZone } })), { touches: [['workspace'], ['session'], ['sources'], ['schedule']], says: 'Saved.' });
  const zones = [...new Set(['UTC', settings.timeZone, ...Intl.supportedValuesOf('timeZone')])];
  return (
    <form onSubmit={(event) => { event.preventDefault(); save.mutate(undefined); }}>
      <Stack>
        <Title order={2}>Workspace</Title>
        <TextInput label="Name" required maxLength={100} readOnly={!mayChange} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Select label="Time zone" description="Preferred times of day and busy hours are meant in it" searchable allowDeselect={false} readOnly={!mayChange} data={zones} value={timeZone} onChange={(value) => setTimeZone(value ?? 'UTC')} />
        <Text size="sm">Syncs a day per source: {settings.syncsPerDay ?? 'as many as are scheduled'}</Text>
        {!mayChange && <Text size="sm" c="dimmed">Only owners may change these.</Text>}
        {mayChange && <Group><Button type="submit" loading={save.isPending} disabled={name === settings.name && timeZone === settings.timeZone}>Save</Button></Group>}
      </Stack>
    </form>
  );
}

function Workspaces({ mayCreate }: { mayCreate: boolean }) {
  const query = useQuery(workspacesQuery);
  const switchTo = useSwitchWorkspace();
  const [name, setName] = useState('');
  const create = useAction(() => answer(api.POST('/api/v1/workspaces', { body: { name } })), { touches: [['workspaces']], says: 'Created: you are its owner.', then: () => setName('') });
  return (
    <Stack>
      <div><Title order={2}>Your workspaces</Title><Text size="sm" c="dimmed">Each has its own sources, warehouses, members and keys; nothing of one is seen in another.</Text></div>
      <Loaded query={query} rows={2}>{(workspaces) => (
        <Table><Table.Tbody>{workspaces.map((workspace) => (
          <Table.Tr key={workspace.id}>
            <Table.Td className="wrap-anywhere">{workspace.name}</Table.Td><Table.Td>{workspace.role}</Table.Td>
            <Table.Td ta="right">{workspace.current ? <Badge variant="light" tt="none">current</Badge> : <Button size="xs" variant="default" aria-label={`Switch to ${workspace.name}`} loading={switchTo.isPending} onClick={() => switchTo.mutate(workspace.id)}>Switch</Button>}</Table.Td>
          </Table.Tr>
        ))}</Table.Tbody></Table>
      )}</Loaded>
      {mayCreate && (
        <form onSubmit={(event) => { event.preventDefault(); create.mutate(undefined); }}>
          <Group align="flex-end"><TextInput label="Name of the new workspace" required maxLength={200} flex="1 1 200px" value={name} onChange={(event) => setName(event.currentTarget.value)} /><Button type="submit" variant="default" loading={create.isPending}>Create</Button></Group>
        </form>
      )}
    </Stack>
  );
}
