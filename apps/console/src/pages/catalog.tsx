import { Accordion, Anchor, Badge, Button, Card, Group, SegmentedControl, SimpleGrid, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { IconSearch, IconSearchOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Schemas } from '../api/client';
import { catalogQuery } from '../api/queries';
import { useMay } from '../api/session';
import { counted } from '../parts/numbers';
import { Page } from '../parts/page';
import { Empty, Loaded } from '../parts/state-view';

type Entry = Schemas['CatalogEntryDto'];

/** Of a first source: every three hours. */
const SYNCS_A_DAY = 8;
const AUTH: Record<Entry['auth'][number], string> = { api_key: 'API key', basic: 'user and token', oauth2: 'sign-in (OAuth)' };

const callsADay = ({ collections }: Entry): number => SYNCS_A_DAY * collections.filter(({ selectedByDefault }) => selectedByDefault).reduce((sum, { callsPerSync }) => sum + callsPerSync, 0);

/** What can be connected, and what it asks for, before anything is connected. */
export function CatalogPage() {
  const [search, setSearch] = useState('');
  const [kind, setKind] = useState<'all' | 'object' | 'event' | 'streaming'>('all');
  const query = useQuery(catalogQuery);
  const fits = (entry: Entry): boolean =>
    `${entry.title} ${entry.description} ${entry.collections.map(({ name }) => name).join(' ')}`.toLowerCase().includes(search.trim().toLowerCase())
    && (kind === 'all' || (kind === 'streaming' ? entry.streaming : entry.kinds.includes(kind)));
  return (
    <Page title="Catalog" lead="Tools whose data you can bring in. Each card says what it needs before you connect it.">
      <Group>
        <TextInput aria-label="Search connectors and collections" placeholder="Search connectors and collections" leftSection={<IconSearch size={16} />} value={search} onChange={(event) => setSearch(event.currentTarget.value)} flex="1 1 240px" />
        <SegmentedControl aria-label="Kind" value={kind} onChange={(value) => setKind(value as typeof kind)} data={[{ value: 'all', label: 'All' }, { value: 'object', label: 'Objects' }, { value: 'event', label: 'Events' }, { value: 'streaming', label: 'Streaming' }]} />
      </Group>
      <Loaded query={query}>{(entries) => {
        const shown = entries.filter(fits);
        if (shown.length === 0) return <Empty icon={IconSearchOff} title="Nothing fits" action={<Button variant="default" onClick={() => { setSearch(''); setKind('all'); }}>Show everything</Button>}>No connector or collection has that name.</Empty>;
        return <SimpleGrid cols={{ base: 1, md: 2, lg: 3 }}>{shown.map((entry) => <ConnectorCard key={entry.name} entry={entry} />)}</SimpleGrid>;
      }}</Loaded>
    </Page>
  );
}

function ConnectorCard({ entry }: { entry: Entry }) {
  const mayEdit = useMay('editor');
  const objects = entry.collections.filter(({ kind }) => kind === 'object').length;
  return (
    <Card withBorder padding="lg" component="article" aria-label={entry.title}>
      <Stack gap="sm" h="100%">
        <Group justify="space-between" wrap="nowrap" align="baseline"><Title order={2}>{entry.title}</Title><Anchor href={entry.documentationUrl} target="_blank" rel="noreferrer" size="sm" style={{ whiteSpace: 'nowrap' }}>API docs</Anchor></Group>
        <Text size="sm">{entry.description}</Text>
        <Group gap={6}>
          {objects > 0 && <Badge variant="light" tt="none">{counted(objects, 'object collection')}</Badge>}
          {entry.collections.length > objects && <Badge variant="light" tt="none" color="violet">{counted(entry.collections.length - objects, 'event collection')}</Badge>}
          {entry.sync && <Badge variant="outline" tt="none">sync</Badge>}
          {entry.streaming && <Badge variant="outline" tt="none">streaming</Badge>}
        </Group>
        <Stack gap={2}>
          <Text size="sm"><b>Connect with</b> {entry.auth.map((auth) => AUTH[auth]).join(' or ')}</Text>
          <Text size="sm"><b>Calls</b> about {callsADay(entry)} a day at the default schedule when nothing changes</Text>
          <Text size="sm"><b>Limits</b> {entry.limits.text}</Text>
        </Stack>
        <Permissions entry={entry} />
        {mayEdit && <Group mt="auto"><Button component={Link} to={`/sources/new/${entry.name}`}>Connect {entry.title}</Button></Group>}
      </Stack>
    </Card>
  );
}

const SHOWN = 3;

/** What must be allowed, and for which collections: nobody grants a right without knowing why. */
function Permissions({ entry: { collections, title } }: { entry: Entry }) {
  const needs = new Map<string, string[]>();
  for (const { name, permissions } of collections) for (const permission of permissions) needs.set(permission, [...needs.get(permission) ?? [], name]);
  if (needs.size === 0) return null;
  return (
    <Accordion variant="contained" chevronPosition="left">
      <Accordion.Item value="permissions">
        <Accordion.Control><Text size="sm">{counted(needs.size, 'permission')} and what each is for</Text></Accordion.Control>
        <Accordion.Panel>
          <Table fz="sm" aria-label={`Permissions of ${title}`}>
            <Table.Thead><Table.Tr><Table.Th>To be allowed</Table.Th><Table.Th>So that we can read</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>{[...needs].map(([permission, names]) => <Table.Tr key={permission}><Table.Td>{permission}</Table.Td><Table.Td>{names.slice(0, SHOWN).join(', ')}{names.length > SHOWN && ` and ${names.length - SHOWN} more`}</Table.Td></Table.Tr>)}</Table.Tbody>
          </Table>
          <Text size="xs" c="dimmed" mt="xs">What isn't allowed is left out; the rest is read all the same.</Text>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}
