import { Button, Code, Group, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { ApiProblem, answer, api, type Schemas } from '../../api/client';
import { useAction } from '../../parts/action';
import { Failed } from '../../parts/state-view';

/** What an administrator runs, with the name that was entered. */
const recipe = (user: string, database: string): string => {
  const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
  return `CREATE ROLE ${quoted(user)} LOGIN PASSWORD '…';\nGRANT CONNECT ON DATABASE ${quoted(database)} TO ${quoted(user)};`;
};

/** The login that SQL runs under, for a database whose administrator doesn't let the loader make one. */
export function SqlLogin({ warehouse: { id, location, readerUser }, mayEdit }: { warehouse: Schemas['WarehouseDto']; mayEdit: boolean }) {
  const [user, setUser] = useState(readerUser ?? 'cs_reader');
  const [password, setPassword] = useState('');
  const save = useAction((reader: Schemas['ReaderLoginDto'] | null) => answer(api.PATCH('/api/v1/warehouses/{id}', { params: { path: { id } }, body: { reader } })), { touches: [['warehouse', id], ['warehouses']], says: 'Saved: it can read, and nothing else.', then: () => setPassword('') });
  const errorOf = (field: string): string | undefined => (save.error instanceof ApiProblem ? save.error.field(field) : undefined);
  return (
    <form onSubmit={(event) => { event.preventDefault(); save.mutate({ user, password }); }}>
      <Stack>
        <div>
          <Title order={2}>Login for SQL</Title>
          <Text size="sm" c="dimmed">{readerUser === null
            ? 'SQL, traits and audiences run under a login that can only read; the one that loads makes it by itself. Where it may not (it lacks CREATEROLE), an administrator makes one, and you enter it here.'
            : <>SQL, traits and audiences run under <span className="mono">{readerUser}</span>, which an administrator made.</>}</Text>
        </div>
        {mayEdit && <>
          <Code block className="wrap-anywhere" style={{ whiteSpace: 'pre-wrap' }}>{recipe(user === '' ? 'cs_reader' : user, location.slice(location.indexOf('/') + 1))}</Code>
          <Group align="flex-start" grow preventGrowOverflow={false}>
            <TextInput label="Login" description="As the administrator named it" required maxLength={63} autoComplete="off" value={user} onChange={(event) => setUser(event.currentTarget.value)} error={errorOf('reader.user')} />
            <PasswordInput label="Password" description="Stored encrypted and never shown again" required autoComplete="new-password" visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }} value={password} onChange={(event) => setPassword(event.currentTarget.value)} error={errorOf('reader.password')} />
          </Group>
          {save.isError && <Failed error={save.error} />}
          <Group><Button type="submit" variant="default" loading={save.isPending}>Test and save</Button>{readerUser !== null && <Button variant="subtle" onClick={() => save.mutate(null)}>Let the loader make one</Button>}</Group>
        </>}
      </Stack>
    </form>
  );
}
