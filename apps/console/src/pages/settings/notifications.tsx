import { Alert, Badge, Button, Checkbox, Group, Stack, Table, TagsInput, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Instant } from '../../parts/instant';
import { Page } from '../../parts/page';
import { Loaded } from '../../parts/state-view';

type Settings = Schemas['NotificationSettingsDto'];
type Kind = Settings['kinds'][number];

const KINDS: readonly (readonly [Kind, string, string])[] = [
  ['run_failed', 'Runs begin to fail', 'Once, not with every run that fails after it.'],
  ['run_partial', 'A collection begins to fail', 'The others are read. Once, not with every run after it.'],
  ['access_denied', 'Access is denied', 'The partner refuses the credentials: nothing runs until somebody reconnects.'],
  ['paused', 'A source is paused by itself', 'After failing for days.'],
  ['reads_nothing', 'Nothing is read where there was something', 'A permission that was taken away shows like this.'],
  ['destination_disabled', 'A destination is disabled by itself', 'It took nothing for three days, or is gone for good.'],
];
const WATCH_MS = 5_000;

/** Who is told when something needs a person, and what was told. */
export function NotificationsPage() {
  const query = useQuery({ queryKey: ['notifications'], refetchInterval: WATCH_MS, queryFn: () => answer(api.GET('/api/v1/notifications')) });
  return (
    <Page title="Notifications" lead="Who is told when something needs a person.">
      <Loaded query={query}>{(settings) => <Stack gap="xl" maw={760}><Form key={JSON.stringify([settings.emails, settings.kinds, settings.hook])} settings={settings} /><Recent settings={settings} /></Stack>}</Loaded>
    </Page>
  );
}

function Form({ settings }: { settings: Settings }) {
  const owner = useMay('owner');
  const [emails, setEmails] = useState(settings.emails);
  const [kinds, setKinds] = useState(settings.kinds);
  const [hookUrl, setHookUrl] = useState('');
  const touches = [['notifications']];
  const save = useAction((hook: string | null | undefined) => answer(api.PUT('/api/v1/notifications', { body: { emails, kinds, ...(hook !== undefined && { hookUrl: hook }) } })), { touches, says: 'Saved.', then: () => setHookUrl('') });
  const test = useAction(() => answer(api.POST('/api/v1/notifications/test')), { touches, says: 'A test is on its way; below you see whether it arrives.' });
  const toggle = (kind: Kind): void => setKinds(kinds.includes(kind) ? kinds.filter((one) => one !== kind) : [...kinds, kind]);
  return (
    <form onSubmit={(event) => { event.preventDefault(); save.mutate(hookUrl === '' ? undefined : hookUrl); }}>
      <Stack>
        {!settings.mailAvailable && <Alert color="yellow" title="Mail is not set up">The operator of this installation has set no mail server (SUPPORT_SMTP_URL): only the hook is told.</Alert>}
        <TagsInput label="E-mail addresses" description="Write each and press Enter" value={emails} onChange={setEmails} disabled={!owner} />
        <Group align="flex-end">
          <TextInput type="url" flex="1 1 300px" label="Slack-compatible hook" description={settings.hook === null ? 'URL of an incoming webhook; stored encrypted and never shown again' : `In use: one of ${settings.hook}. A new one takes its place`} placeholder="https://hooks.slack.com/services/…" value={hookUrl} onChange={(event) => setHookUrl(event.currentTarget.value)} disabled={!owner} />
          {owner && settings.hook !== null && <Button variant="default" onClick={() => save.mutate(null)}>Remove it</Button>}
        </Group>
        <Stack gap="xs" role="group" aria-label="Of what">{KINDS.map(([kind, title, description]) => <Checkbox key={kind} label={title} description={description} checked={kinds.includes(kind)} onChange={() => toggle(kind)} disabled={!owner} />)}</Stack>
        {owner ? <Group><Button type="submit" loading={save.isPending}>Save</Button><Button variant="default" loading={test.isPending} disabled={settings.emails.length === 0 && settings.hook === null} onClick={() => test.mutate(undefined)}>Send a test</Button></Group> : <Text size="sm" c="dimmed">Owners change it.</Text>}
      </Stack>
    </form>
  );
}

const WORDS: Readonly<Record<string, string>> = { ...Object.fromEntries(KINDS.map(([kind, title]) => [kind, title])), test: 'Test' };

function Recent({ settings: { recent } }: { settings: Settings }) {
  return (
    <Stack gap="xs">
      <Title order={2}>What was told</Title>
      {recent.length === 0 ? <Text size="sm" c="dimmed">Nothing yet.</Text> : (
        <Table.ScrollContainer minWidth={560}><Table>
          <Table.Thead><Table.Tr><Table.Th>When</Table.Th><Table.Th>What</Table.Th><Table.Th>Arrived</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{recent.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Td><Instant at={one.createdAt} /></Table.Td>
              <Table.Td><Text size="sm" fw={600}>{WORDS[one.kind] ?? one.kind}</Text><Text size="sm">{one.title}</Text></Table.Td>
              <Table.Td><Group gap={4}>{one.delivered.map((channel) => <Badge key={channel} color="teal" variant="light" tt="none">{channel}</Badge>)}{one.doneAt === null && <Badge color="gray" variant="light" tt="none">being sent</Badge>}{one.doneAt !== null && one.delivered.length === 0 && <Badge color="orange" variant="light" tt="none">to nobody</Badge>}</Group>{one.lastError !== null && <Text size="xs" className="warns">{one.lastError}</Text>}</Table.Td>
            </Table.Tr>
          ))}</Table.Tbody>
        </Table></Table.ScrollContainer>
      )}
    </Stack>
  );
}
