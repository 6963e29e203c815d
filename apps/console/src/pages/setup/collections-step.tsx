import { Alert, Badge, Button, Checkbox, Group, Stack, Table, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { counted } from '../../parts/numbers';
import type { Draft } from './draft';
import type { Entry, Tested } from './setup';

/** Of the default schedule, every three hours. */
const SYNCS_A_DAY = 8;

/** What to bring: each line says what it costs and whether we may. */
export function CollectionsStep({ entry, draft, tested, change, next }: { entry: Entry; draft: Draft; tested: Tested; change: (part: Partial<Draft>) => void; next: () => void }) {
  const [search, setSearch] = useState('');
  const access = new Map(tested.access.map((one) => [one.collection, one]));
  const readable = (name: string): boolean => access.get(name)?.readable !== false;
  const selected = new Set(draft.collections ?? entry.collections.filter(({ name, selectedByDefault }) => selectedByDefault && readable(name)).map(({ name }) => name));
  const set = (names: Iterable<string>): void => change({ collections: [...names] });
  const toggle = (name: string): void => { const after = new Set(selected); if (!after.delete(name)) after.add(name); set(after); };
  const shown = entry.collections.filter(({ name, title }) => `${name} ${title}`.toLowerCase().includes(search.toLowerCase()));
  const calls = entry.collections.filter(({ name }) => selected.has(name)).reduce((sum, { callsPerSync }) => sum + callsPerSync, 0);
  const all = shown.every(({ name }) => selected.has(name));
  return (
    <Stack pt="md">
      <Text>Connected to <b>{tested.account}</b>.</Text>
      <Group><TextInput aria-label="Search collections" placeholder="Search collections" value={search} onChange={(event) => setSearch(event.currentTarget.value)} /><Button variant="default" onClick={() => set(all ? [...selected].filter((name) => !shown.some((one) => one.name === name)) : new Set([...selected, ...shown.map(({ name }) => name)]))}>{all ? 'Deselect these' : 'Select these'}</Button></Group>
      <Table.ScrollContainer minWidth={620}>
        <Table>
          <Table.Thead><Table.Tr><Table.Th>Collection</Table.Th><Table.Th>Kind</Table.Th><Table.Th>Arrives by</Table.Th><Table.Th ta="right">Calls</Table.Th><Table.Th>Access</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{shown.map((collection) => {
            const { error } = access.get(collection.name) ?? {};
            return (
              <Table.Tr key={collection.name}>
                <Table.Td><Checkbox checked={selected.has(collection.name)} onChange={() => toggle(collection.name)} label={collection.title} description={collection.description} /></Table.Td>
                <Table.Td><Badge variant="light" tt="none" color={collection.kind === 'object' ? 'cyan' : 'violet'}>{collection.kind === 'object' ? 'objects' : 'events'}</Badge></Table.Td>
                <Table.Td>{collection.components.map((component) => (component === 'sync' ? 'sync' : 'webhook')).join(' + ')}</Table.Td>
                <Table.Td ta="right">{collection.partOf.length > 0 ? <Text size="sm" c="dimmed">with {collection.partOf.join(', ')}</Text> : <>{counted(collection.callsPerSync, 'call')} a sync<Text size="xs" c="dimmed">{collection.callsPerSync * SYNCS_A_DAY} a day</Text></>}</Table.Td>
                <Table.Td>{error === undefined ? <Text size="sm" c="teal">✓ readable</Text> : <><Text size="sm" c="red">✕ {error.title}</Text><Text size="xs">{error.remedy}</Text></>}</Table.Td>
              </Table.Tr>
            );
          })}</Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Alert variant="light" title={`About ${calls * SYNCS_A_DAY} calls a day`}>{counted(selected.size, 'collection')}, every three hours, when nothing changes{entry.limits.callsPerDay === undefined ? '' : `, of ${entry.limits.callsPerDay} that ${entry.title} allows`}. {entry.limits.text}</Alert>
      <Group><Button disabled={selected.size === 0} onClick={() => { set(selected); next(); }}>Go on</Button></Group>
    </Stack>
  );
}
