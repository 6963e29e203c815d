import { Alert, Button, Center, Divider, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { answer, api } from '../api/client';
import { signInOptionsQuery } from '../api/queries';
import { Failed } from '../parts/state-view';
import { identityProblem } from './identity-problem';

/** E-mail and password; afterwards the page that was asked for. */
export function SignInPage() {
  const { to, problem } = useSearch({ from: '/sign-in' });
  const options = useQuery(signInOptionsQuery);
  const provider = options.data?.identityProvider;
  const router = useRouter();
  const queries = useQueryClient();
  const form = useForm({ initialValues: { email: '', password: '' } });
  const signIn = useMutation({
    mutationFn: (body: { email: string; password: string }) => answer(api.POST('/api/v1/session', { body })),
    onSuccess: async () => {
      queries.clear();
      // Only a path of our own: an address in the link can't lead elsewhere.
      router.history.push(to !== undefined && /^\/(?!\/)/.test(to) ? to : '/');
    },
  });
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder p="xl" w={400} maw="100%">
        <form onSubmit={form.onSubmit((values) => signIn.mutate(values))}>
          <Stack>
            <div><Title order={1}>Cloud sources</Title><Text c="dimmed">Sign in to your workspace.</Text></div>
            {problem !== undefined && !signIn.isError && <Alert color="red" role="alert" title="You are not signed in">{identityProblem(problem)}</Alert>}
            {signIn.isError && <Failed error={signIn.error} />}
            <TextInput label="E-mail" type="email" autoComplete="username" required autoFocus {...form.getInputProps('email')} />
            <PasswordInput label="Password" autoComplete="current-password" required visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }} {...form.getInputProps('password')} />
            <Button type="submit" loading={signIn.isPending}>Sign in</Button>
            {provider !== undefined && provider !== null && <>
              <Divider label="or" />
              <Button component="a" variant="default" href={`/api/v1/oidc/start${to === undefined ? '' : `?to=${encodeURIComponent(to)}`}`}>Sign in with {provider.name}</Button>
            </>}
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
