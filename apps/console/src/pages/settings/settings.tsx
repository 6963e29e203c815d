import { Alert, Button, Group, Modal, Select, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Confirm } from '../../parts/confirm';
import { Copyable } from '../../parts/copyable';
import { Instant } from '../../parts/instant';
import { Page } from '../../parts/page';
import { Loaded } from '../../parts/state-view';

type Workspace = Schemas['WorkspaceSettingsDto'];
type ApiKey = Schemas['ApiKeyDto'];

/** The workspace and the programs that may use its API. */
export function SettingsPage() {
  const owner = useMay('owner');
  const workspace = useQuery({ queryKey: ['workspace'], queryFn: () => answer(api.GET('/api/v1/workspace')) });
  return (
    <Page title="Settings">
      <Stack gap="xl" maw={760}>
        <Loaded query={workspace}>{(settings) => <WorkspaceForm key={`${settings.name} ${settings.timeZone}`} settings={settings} mayChange={owner} />}</Loaded>
        {owner ? <ApiKeys /> : <Text c="dimmed">API keys are the owners' to see.</Text>}
      </Stack>
    </Page>
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
        <TextInput label="Name" required maxLength={100} disabled={!mayChange} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Select label="Time zone" description="Preferred times of day and busy hours are meant in it" searchable allowDeselect={false} disabled={!mayChange} data={zones} value={timeZone} onChange={(value) => setTimeZone(value ?? 'UTC')} />
        <Text size="sm">Syncs a day per source: {settings.syncsPerDay ?? 'as many as are scheduled'}</Text>
        {mayChange && <Group><Button type="submit" loading={save.isPending} disabled={name === settings.name && timeZone === settings.timeZone}>Save</Button></Group>}
      </Stack>
    </form>
  );
}

function ApiKeys() {
  const query = useQuery({ queryKey: ['api-keys'], queryFn: async () => (await answer(api.GET('/api/v1/api-keys'))).data });
  const [name, setName] = useState('');
  const [role, setRole] = useState<ApiKey['role']>('viewer');
  const [made, setMade] = useState<string>();
  const [revoking, setRevoking] = useState<ApiKey>();
  const touches = [['api-keys']];
  const create = useAction(() => answer(api.POST('/api/v1/api-keys', { body: { name, role } })), { touches, then: ({ key }) => { setMade(key ?? undefined); setName(''); } });
  const revoke = useAction((key: ApiKey) => answer(api.DELETE('/api/v1/api-keys/{id}', { params: { path: { id: key.id } } })), { touches, says: 'Revoked: it works no more.', then: () => setRevoking(undefined) });
  return (
    <Stack>
      <Title order={2}>API keys</Title>
      <Loaded query={query}>{(keys) => keys.length === 0 ? <Text c="dimmed">No key yet. A program needs one to use the API.</Text> : (
        <Table.ScrollContainer minWidth={520}><Table>
          <Table.Thead><Table.Tr><Table.Th>Key</Table.Th><Table.Th>Role</Table.Th><Table.Th>Last used</Table.Th><Table.Th><span className="hidden-text">Action</span></Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{keys.map((key) => (
            <Table.Tr key={key.id}>
              <Table.Td>{key.name}<Text size="xs" className="mono">{key.prefix}…</Text></Table.Td><Table.Td>{key.role}</Table.Td><Table.Td><Instant at={key.lastUsedAt} /></Table.Td>
              <Table.Td ta="right">{key.revokedAt === null ? <Button size="xs" variant="default" onClick={() => setRevoking(key)}>Revoke</Button> : 'revoked'}</Table.Td>
            </Table.Tr>
          ))}</Table.Tbody>
        </Table></Table.ScrollContainer>
      )}</Loaded>
      <form onSubmit={(event) => { event.preventDefault(); create.mutate(undefined); }}>
        <Group align="flex-end">
          <TextInput label="Name of the new key" required maxLength={100} flex="1 1 200px" value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <Select label="Role" w={130} allowDeselect={false} data={['viewer', 'editor', 'owner']} value={role} onChange={(value) => setRole(value as ApiKey['role'])} />
          <Button type="submit" loading={create.isPending}>Create</Button>
        </Group>
      </form>
      <Modal opened={made !== undefined} onClose={() => setMade(undefined)} title="Your new API key" centered closeButtonProps={{ 'aria-label': 'Close' }}>
        <Stack><Alert color="yellow" title="Copy it now">It is shown this once and stored nowhere.</Alert>{made !== undefined && <Copyable value={made} label="the key" />}</Stack>
      </Modal>
      <Confirm opened={revoking !== undefined} title={`Revoke ${revoking?.name ?? ''}?`} action="Revoke" busy={revoke.isPending} close={() => setRevoking(undefined)} confirm={() => revoking !== undefined && revoke.mutate(revoking)}>Programs that use it are refused from now on.</Confirm>
    </Stack>
  );
}
