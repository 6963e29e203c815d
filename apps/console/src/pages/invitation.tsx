import { Button, Center, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { answer, api } from '../api/client';
import { signInOptionsQuery } from '../api/queries';
import { Failed, Loaded } from '../parts/state-view';

/** Where the link of an invitation leads: whose it is, and a password. The token is after the #, which no server sees. */
export function InvitationPage() {
  const { hash: token } = useLocation();
  const [password, setPassword] = useState('');
  const navigate = useNavigate();
  const queries = useQueryClient();
  useEffect(() => { document.title = 'Invitation · Cloud sources'; }, []);
  const invitation = useQuery({ queryKey: ['invitation', token], retry: false, queryFn: () => answer(api.POST('/api/v1/invitations/look-up', { body: { token: token === '' ? '-' : token } })) });
  const options = useQuery(signInOptionsQuery);
  const accept = useMutation({
    mutationFn: () => answer(api.POST('/api/v1/invitations/accept', { body: { token, password } })),
    onSuccess: async () => { queries.clear(); await navigate({ to: '/' }); },
  });
  const provider = options.data?.identityProvider;
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder p="xl" w={440} maw="100%">
        <Stack>
          <Title order={1}>Cloud sources</Title>
          <Loaded query={invitation} rows={3}>{({ workspace, email, role, invitedBy, hasAccount }) => (
            <form onSubmit={(event) => { event.preventDefault(); accept.mutate(); }}>
              <Stack>
                <Text>{invitedBy === null ? 'You are invited' : <><b>{invitedBy}</b> invites you</>} to the workspace <b>{workspace}</b> as {role}.</Text>
                {accept.isError && <Failed error={accept.error} />}
                {/* For password managers: the account's name. */}
                <input type="email" name="username" autoComplete="username" value={email} readOnly hidden />
                <PasswordInput label={hasAccount ? `Password of ${email}` : `Choose a password for ${email}`} description={hasAccount ? undefined : 'At least 12 characters'} required minLength={hasAccount ? 1 : 12} autoFocus autoComplete={hasAccount ? 'current-password' : 'new-password'} visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }} value={password} onChange={(event) => setPassword(event.currentTarget.value)} />
                <Button type="submit" loading={accept.isPending}>Join {workspace}</Button>
                {provider !== undefined && provider !== null && <Button component="a" variant="default" href="/api/v1/oidc/start">Join with {provider.name}</Button>}
              </Stack>
            </form>
          )}</Loaded>
        </Stack>
      </Paper>
    </Center>
  );
}
