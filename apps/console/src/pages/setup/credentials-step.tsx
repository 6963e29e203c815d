import { Alert, Button, Flex, Group, List, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { ApiProblem, answer, api } from '../../api/client';
import { Failed } from '../../parts/state-view';
import { CredentialForm } from './credential-form';
import type { Draft } from './draft';
import { MethodChoice, valuesOf, type Method } from './method';
import type { Entry, Tested } from './setup';
import { SignInWith } from './sign-in-with';

interface Props {
  readonly entry: Entry;
  readonly methods: readonly Method[];
  readonly method: Method;
  readonly draft: Draft;
  readonly secrets: Readonly<Record<string, string>>;
  readonly change: (part: Partial<Draft>) => void;
  readonly setSecrets: (secrets: Readonly<Record<string, string>>) => void;
  readonly done: (tested: Tested) => void;
}

const SHOWN = 12;

/** Credentials, by form or by sign-in, and their test: who they belong to. What they may read is asked in the next step. */
export function CredentialsStep({ entry, methods, method, draft, secrets, change, setSecrets, done }: Props) {
  const grantId = method.byBrowser ? draft.grantId : undefined;
  const configuration = valuesOf(method, { ...draft.values, ...secrets });
  const test = useMutation({
    mutationFn: (grant: string | undefined) => answer(api.POST('/api/v1/sources/test', { body: { connector: entry.name, configuration, collections: [], ...(grant !== undefined && { grantId: grant }) } })),
    onSuccess: done,
  });
  const errorOf = (field: string): string | undefined => (test.error instanceof ApiProblem ? test.error.field(field) : undefined);
  const permissions = [...new Set(entry.collections.filter(({ selectedByDefault }) => selectedByDefault).flatMap((collection) => collection.permissions))];
  return (
    <form onSubmit={(event) => { event.preventDefault(); test.mutate(grantId); }}>
      <Flex pt="md" gap="xl" align="flex-start" direction={{ base: 'column', lg: 'row' }}>
        <Stack maw={640} w="100%">
          <MethodChoice methods={methods} value={method.name} change={(name) => { change({ method: name }); test.reset(); }} />
          <CredentialForm fields={method.fields} values={{ ...draft.values, ...secrets }} errorOf={errorOf} change={(field, value) => (field.type === 'secret' ? setSecrets({ ...secrets, [field.name]: value }) : change({ values: { ...draft.values, [field.name]: value } }))} />
          {method.byBrowser && <SignInWith connector={entry} configuration={configuration} granted={draft.grantId !== undefined} onGrant={(grant) => { change({ grantId: grant }); test.mutate(grant); }} />}
          {test.isError && <Failed error={test.error} />}
          <Group><Button type="submit" loading={test.isPending} disabled={method.byBrowser && draft.grantId === undefined}>Test and go on</Button></Group>
        </Stack>
        {permissions.length > 0 && <Alert variant="light" flex={1} title="What they must be allowed to, for the collections chosen by default"><List size="sm">{permissions.slice(0, SHOWN).map((permission) => <List.Item key={permission}>{permission}</List.Item>)}</List>{permissions.length > SHOWN && <Text size="sm" c="dimmed">and {permissions.length - SHOWN} more, for the collections that need them</Text>}</Alert>}
      </Flex>
    </form>
  );
}
