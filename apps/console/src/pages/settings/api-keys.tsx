import { Alert, Button, Center, Group, Modal, Select, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { apiKeysQuery } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Confirm } from '../../parts/confirm';
import { Copyable } from '../../parts/copyable';
import { Instant } from '../../parts/instant';
import { Listed } from '../../parts/listed';

type ApiKey = Schemas['ApiKeyDto'];

/** The programs that may use the workspace's API. */
export const ApiKeysTab = () => (useMay('owner') ? <ApiKeys /> : <Text>API keys are the owners' to see and to make. Ask an owner of the workspace.</Text>);

function ApiKeys() {
  const query = useInfiniteQuery(apiKeysQuery);
  const [name, setName] = useState('');
  const [role, setRole] = useState<ApiKey['role']>('viewer');
  const [made, setMade] = useState<string>();
  const [revoking, setRevoking] = useState<ApiKey>();
  const touches = [['api-keys']];
  const create = useAction(() => answer(api.POST('/api/v1/api-keys', { body: { name, role } })), { touches, then: ({ key }) => { setMade(key ?? undefined); setName(''); } });
  const revoke = useAction((key: ApiKey) => answer(api.DELETE('/api/v1/api-keys/{id}', { params: { path: { id: key.id } } })), { touches, says: 'Revoked: it works no more.', then: () => setRevoking(undefined) });
  return (
    <Stack maw={760}>
      <Title order={2}>API keys</Title>
      <Listed query={query} more="Older keys" empty={<Text c="dimmed">No key yet. A program needs one to use the API.</Text>}>{(keys: readonly ApiKey[]) => (
        <Table.ScrollContainer minWidth={520}><Table>
          <Table.Thead><Table.Tr><Table.Th>Key</Table.Th><Table.Th>Role</Table.Th><Table.Th>Last used</Table.Th><Table.Th><span className="hidden-text">Action</span></Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{keys.map((key) => (
            <Table.Tr key={key.id}>
              <Table.Td>{key.name}<Text size="xs" className="mono">{key.prefix}…</Text></Table.Td><Table.Td>{key.role}</Table.Td><Table.Td><Instant at={key.lastUsedAt} /></Table.Td>
              <Table.Td ta="right">{key.revokedAt === null ? <Button size="xs" variant="default" aria-label={`Revoke ${key.name}`} onClick={() => setRevoking(key)}>Revoke</Button> : 'revoked'}</Table.Td>
            </Table.Tr>
          ))}</Table.Tbody>
        </Table></Table.ScrollContainer>
      )}</Listed>
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
