import { Alert, Button, Group, List, PasswordInput, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answer, api } from '../../api/client';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Copyable } from '../../parts/copyable';
import { Instant } from '../../parts/instant';
import { Loaded } from '../../parts/state-view';
import { Deliveries, DeliveryLight } from './deliveries';

/** Where the partner sends its webhooks, and what they are signed with. */
export function WebhookTab() {
  const { sourceId } = useParams({ from: '/shell/sources/$sourceId' });
  return <Stack gap="xl"><WebhookPanel sourceId={sourceId} /><Deliveries sourceId={sourceId} /></Stack>;
}

/** The address, the steps at the partner's, the secret, and whether webhooks arrive. */
export function WebhookPanel({ sourceId }: { sourceId: string }) {
  const mayEdit = useMay('editor');
  const params = { path: { id: sourceId } };
  const query = useQuery({ queryKey: ['source', sourceId, 'webhook'], queryFn: () => answer(api.GET('/api/v1/sources/{id}/webhook', { params })) });
  const [secret, setSecret] = useState('');
  const save = useAction(() => answer(api.PUT('/api/v1/sources/{id}/webhook/secret', { params, body: { secret } })), { touches: [['source', sourceId, 'webhook']], says: 'The secret is stored. The one before stays valid for a while, so that nothing is lost.', then: () => setSecret('') });
  const rotate = useAction(() => answer(api.POST('/api/v1/sources/{id}/webhook/rotate-token', { params, body: {} })), { touches: [['source', sourceId, 'webhook']], says: 'There is a new address. Enter it at the partner\'s; the one before is still taken for a day.' });
  return (
    <Loaded query={query}>{(webhook) => (
      <Stack maw={820}>
        <DeliveryLight sourceId={sourceId} />
        <div><Title order={2}>Address</Title><Copyable value={webhook.url} label="the address" />
          {webhook.previousUntil !== null && <Text size="sm">The address before is taken until <Instant at={webhook.previousUntil} />.</Text>}
          {mayEdit && <Button variant="default" size="xs" mt="xs" loading={rotate.isPending} onClick={() => rotate.mutate(undefined)}>Make a new address</Button>}</div>
        {webhook.setup.length > 0 && <List type="ordered" size="sm">{webhook.setup.map((step) => <List.Item key={step}>{step}</List.Item>)}</List>}
        <Title order={2}>Signing secret</Title>
        {webhook.secrets.length === 0 ? <Alert color="yellow" title="No secret yet">Webhooks are refused until the partner's signing secret is stored here.</Alert> : (
          <Table><Table.Thead><Table.Tr><Table.Th>Valid since</Table.Th><Table.Th>Valid until</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>{webhook.secrets.map((one) => <Table.Tr key={one.id}><Table.Td><Instant at={one.notBefore} /></Table.Td><Table.Td>{one.notAfter === null ? 'further notice' : <Instant at={one.notAfter} />}</Table.Td></Table.Tr>)}</Table.Tbody></Table>
        )}
        {mayEdit && <form onSubmit={(event) => { event.preventDefault(); save.mutate(undefined); }}>
          <Group align="flex-end"><PasswordInput flex="1 1 280px" label={webhook.secrets.length === 0 ? 'Signing secret' : 'New signing secret'} autoComplete="off" required value={secret} onChange={(event) => setSecret(event.currentTarget.value)} visibilityToggleButtonProps={{ 'aria-label': 'Show the secret' }} /><Button type="submit" loading={save.isPending} disabled={secret === ''}>Store</Button></Group>
          <Text size="xs" c="dimmed">Stored encrypted, never shown again.</Text>
        </form>}
      </Stack>
    )}</Loaded>
  );
}
