import { Alert, Badge, Button, Group, PasswordInput, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { answer, api } from '../../api/client';
import { identitiesQuery, ownSessionsQuery, signInOptionsQuery } from '../../api/queries';
import { sessionQuery } from '../../api/session';
import { useAction } from '../../parts/action';
import { Confirm } from '../../parts/confirm';
import { Instant } from '../../parts/instant';
import { Failed, Loaded } from '../../parts/state-view';
import { identityProblem } from '../identity-problem';

/** What people do with their own account, whatever their role. */
export function AccountTab() {
  const { problem } = useSearch({ from: '/shell/settings/account' });
  const session = useQuery(sessionQuery);
  return (
    <Loaded query={session}>{({ email, hasPassword }) => (
      <Stack gap="xl" maw={760}>
        {problem !== undefined && <Alert color="red" role="alert" title="Your account was not linked">{identityProblem(problem)}</Alert>}
        <Text>You are signed in as <b>{email}</b>.</Text>
        <Password hasPassword={hasPassword} />
        <Identities hasPassword={hasPassword} />
        <Sessions />
      </Stack>
    )}</Loaded>
  );
}

function Password({ hasPassword }: { hasPassword: boolean }) {
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const save = useAction(() => answer(api.PUT('/api/v1/account/password', { body: { password, ...(hasPassword && { current }) } })), {
    touches: [['own-sessions'], ['session']], says: 'Changed. Your other sessions have ended.', then: () => { setCurrent(''); setPassword(''); },
  });
  const eye = { 'aria-label': 'Show the password' };
  return (
    <form onSubmit={(event) => { event.preventDefault(); save.mutate(undefined); }}>
      <Stack maw={420}>
        <Title order={2}>{hasPassword ? 'Password' : 'Set a password'}</Title>
        {save.isError && <Failed error={save.error} />}
        {hasPassword && <PasswordInput label="Current password" required autoComplete="current-password" visibilityToggleButtonProps={eye} value={current} onChange={(event) => setCurrent(event.currentTarget.value)} />}
        <PasswordInput label="New password" description="At least 12 characters" required minLength={12} autoComplete="new-password" visibilityToggleButtonProps={eye} value={password} onChange={(event) => setPassword(event.currentTarget.value)} />
        <Group><Button type="submit" loading={save.isPending}>{hasPassword ? 'Change the password' : 'Set the password'}</Button></Group>
      </Stack>
    </form>
  );
}

/** Shown where the installation has an identity provider. */
function Identities({ hasPassword }: { hasPassword: boolean }) {
  const options = useQuery(signInOptionsQuery);
  const identities = useQuery(identitiesQuery);
  const unlink = useAction(() => answer(api.DELETE('/api/v1/account/identities')), { touches: [['identities']], says: 'Unlinked.' });
  const provider = options.data?.identityProvider;
  if (provider === undefined || provider === null) return null;
  return (
    <Stack>
      <Title order={2}>Sign in with {provider.name}</Title>
      <Loaded query={identities} rows={1}>{(linked) => linked.length === 0
        ? <Group><Button component="a" href="/api/v1/oidc/start?link=true&to=/settings/account" variant="default">Link your account</Button></Group>
        : <Group><Text>Linked to {linked.map(({ email }) => email).join(', ')}.</Text>{hasPassword ? <Button size="xs" variant="default" loading={unlink.isPending} onClick={() => unlink.mutate(undefined)}>Unlink</Button> : <Text size="sm" c="dimmed">It is your only way in: set a password before you unlink it.</Text>}</Group>}</Loaded>
    </Stack>
  );
}

function Sessions() {
  const query = useQuery(ownSessionsQuery);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [asks, setAsks] = useState(false);
  const end = useAction((id: string) => answer(api.DELETE('/api/v1/account/sessions/{id}', { params: { path: { id } } })), { touches: [['own-sessions']], says: 'Ended.' });
  const endAll = useAction(() => answer(api.DELETE('/api/v1/account/sessions')), { touches: [], then: () => { queries.clear(); return navigate({ to: '/sign-in' }); } });
  return (
    <Stack>
      <Title order={2}>Sessions</Title>
      <Loaded query={query} rows={2}>{(sessions) => (
        <Table.ScrollContainer minWidth={520}><Table>
          <Table.Thead><Table.Tr><Table.Th>From</Table.Th><Table.Th>Began</Table.Th><Table.Th>Last seen</Table.Th><Table.Th><span className="hidden-text">Action</span></Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{sessions.map((session) => (
            <Table.Tr key={session.id}>
              <Table.Td><span className="mono">{session.ip ?? '—'}</span><Text size="xs" c="dimmed" maw={300} truncate title={session.userAgent ?? ''}>{session.userAgent}</Text></Table.Td>
              <Table.Td><Instant at={session.createdAt} /></Table.Td><Table.Td><Instant at={session.lastSeenAt} /></Table.Td>
              <Table.Td ta="right">{session.current ? <Badge variant="light" tt="none">this one</Badge> : <Button size="xs" variant="default" aria-label={`End the session from ${session.ip ?? 'somewhere'}`} onClick={() => end.mutate(session.id)}>End</Button>}</Table.Td>
            </Table.Tr>
          ))}</Table.Tbody>
        </Table></Table.ScrollContainer>
      )}</Loaded>
      <Group><Button variant="default" onClick={() => setAsks(true)}>Sign out everywhere</Button></Group>
      <Confirm opened={asks} title="Sign out everywhere?" action="Sign out everywhere" busy={endAll.isPending} close={() => setAsks(false)} confirm={() => endAll.mutate(undefined)}>All of your sessions end, this one too.</Confirm>
    </Stack>
  );
}
