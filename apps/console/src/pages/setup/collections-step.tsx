import { Alert, Badge, Button, Checkbox, Group, Stack, Table, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answer, api } from '../../api/client';
import { counted } from '../../parts/numbers';
import { Failed } from '../../parts/state-view';
import type { Draft } from './draft';
import type { Entry, Tested } from './setup';

/** Of the default schedule, every three hours. */
const SYNCS_A_DAY = 8;

interface Props {
  readonly entry: Entry;
  readonly draft: Draft;
  readonly tested: Tested;
  readonly credentials: { readonly configuration: Record<string, string>; readonly grantId?: string };
  readonly change: (part: Partial<Draft>) => void;
  readonly next: () => void;
}

/** What to bring: each line says what it costs and whether we may. What only the account has is looked for at once. */
export function CollectionsStep({ entry, draft, tested, credentials, change, next }: Props) {
  const [search, setSearch] = useState('');
  const own = useQuery({
    // A test makes another result of its own; secrets are in no key.
    queryKey: ['set-up', entry.name, 'discovered', tested.account], enabled: entry.discovered !== null, retry: false, gcTime: 0, staleTime: Infinity,
    queryFn: async () => (await answer(api.POST('/api/v1/sources/discover', { body: { connector: entry.name, ...credentials } }))).data,
  });
  const found = (own.data ?? []).map((one) => ({ ...one, description: `${one.partnerName ?? one.name}. ${one.description}`, components: ['sync'] as const, partOf: [] as string[] }));
  const collections = [...entry.collections, ...found];
  const access = new Map(tested.access.map((one) => [one.collection, one]));
  const readable = (name: string): boolean => access.get(name)?.readable !== false;
  const selected = new Set(draft.collections ?? entry.collections.filter(({ name, selectedByDefault }) => selectedByDefault && readable(name)).map(({ name }) => name));
  const set = (names: Iterable<string>): void => change({ collections: [...names] });
  const toggle = (name: string): void => { const after = new Set(selected); if (!after.delete(name)) after.add(name); set(after); };
  const shown = collections.filter(({ name, title }) => `${name} ${title}`.toLowerCase().includes(search.toLowerCase()));
  const calls = collections.filter(({ name }) => selected.has(name)).reduce((sum, { callsPerSync }) => sum + callsPerSync, 0);
  const all = shown.every(({ name }) => selected.has(name));
  return (
    <Stack pt="md">
      <Text>Connected to <b>{tested.account}</b>.</Text>
      <Group><TextInput aria-label="Search collections" placeholder="Search collections" value={search} onChange={(event) => setSearch(event.currentTarget.value)} /><Button variant="default" onClick={() => set(all ? [...selected].filter((name) => !shown.some((one) => one.name === name)) : new Set([...selected, ...shown.map(({ name }) => name)]))}>{all ? 'Deselect these' : 'Select these'}</Button></Group>
      {entry.discovered !== null && <Text size="sm" role="status">{own.isPending ? `Looking for ${entry.discovered.title.toLowerCase()} …` : `${counted(found.length, 'collection')} of your own found (${entry.discovered.title.toLowerCase()}); choose the ones to bring at the end of the list.`}</Text>}
      {own.isError && <Failed error={own.error} retry={() => void own.refetch()} />}
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
                <Table.Td>{error === undefined ? <Text size="sm" className="works">✓ readable</Text> : <><Text size="sm" className="fails">✕ {error.title}</Text><Text size="xs">{error.remedy}</Text></>}</Table.Td>
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
