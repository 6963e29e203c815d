import { Alert, Badge, Button, Checkbox, Group, Loader, Stack, Table, Text, TextInput } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { Notices } from '../../parts/notices';
import { count, counted } from '../../parts/numbers';
import { Failed } from '../../parts/state-view';
import { useAccess, type Access, type Credentials } from './access';
import type { Draft } from './draft';
import type { Entry } from './setup';

type Forecast = Schemas['ForecastDto'];

interface Props {
  readonly entry: Entry;
  readonly draft: Draft;
  readonly account: string;
  readonly credentials: Credentials;
  /** After a reload secrets are gone: nothing can be asked of the partner until they are entered again. */
  readonly complete: boolean;
  readonly change: (part: Partial<Draft>) => void;
  readonly next: () => void;
}

/** What to bring: each line says what it costs and, as the partner answers, whether we may. What only the account has is looked for at once. */
export function CollectionsStep({ entry, draft, account, credentials, complete, change, next }: Props) {
  const [search, setSearch] = useState('');
  const own = useQuery({
    // A test makes another result of its own; secrets are in no key.
    queryKey: ['set-up', entry.name, 'discovered', draft.testedAt], enabled: complete && entry.discovered !== null, retry: false, gcTime: 0, staleTime: Infinity,
    queryFn: async () => (await answer(api.POST('/api/v1/sources/discover', { body: { connector: entry.name, ...credentials } }))).data,
  });
  const found = (own.data ?? []).map((one) => ({ ...one, description: `${one.partnerName ?? one.name}. ${one.description}`, components: ['sync'] as const, partOf: [] as string[] }));
  const collections = [...entry.collections, ...found];
  const { access, isAsking, error, again } = useAccess({ connector: entry.name, testedAt: draft.testedAt ?? 0, credentials, names: entry.collections.map(({ name }) => name), known: draft.access ?? [], isAsked: complete, keep: (known) => change({ access: known }) });
  const readable = (name: string): boolean => access.get(name)?.readable !== false;
  const selected = new Set(draft.collections ?? entry.collections.filter(({ name, selectedByDefault }) => selectedByDefault && readable(name)).map(({ name }) => name));
  const forecast = useForecast(entry, draft, [...selected]);
  const set = (names: Iterable<string>): void => change({ collections: [...names] });
  const toggle = (name: string): void => { const after = new Set(selected); if (!after.delete(name)) after.add(name); set(after); };
  const shown = collections.filter(({ name, title }) => `${name} ${title}`.toLowerCase().includes(search.toLowerCase()));
  const all = shown.every(({ name }) => selected.has(name));
  const costs = new Map(forecast?.collections.map((one) => [one.collection, one]));
  return (
    <Stack pt="md">
      <Group gap="xs"><Text>Connected to <b>{account}</b>.</Text>{isAsking && <Group gap={6} role="status"><Loader size="xs" aria-hidden /><Text size="sm">Asking what may be read …</Text></Group>}</Group>
      {error !== null && <Failed error={error} retry={again} />}
      <Group><TextInput aria-label="Search collections" placeholder="Search collections" value={search} onChange={(event) => setSearch(event.currentTarget.value)} /><Button variant="default" onClick={() => set(all ? [...selected].filter((name) => !shown.some((one) => one.name === name)) : new Set([...selected, ...shown.map(({ name }) => name)]))}>{all ? 'Deselect these' : 'Select these'}</Button></Group>
      {entry.discovered !== null && complete && <Text size="sm" role="status">{own.isPending ? `Looking for ${entry.discovered.title.toLowerCase()} …` : `${counted(found.length, 'collection')} of your own found (${entry.discovered.title.toLowerCase()}); choose the ones to bring at the end of the list.`}</Text>}
      {own.isError && <Failed error={own.error} retry={() => void own.refetch()} />}
      <Table.ScrollContainer minWidth={620}>
        <Table>
          <Table.Thead><Table.Tr><Table.Th>Collection</Table.Th><Table.Th>Kind</Table.Th><Table.Th>Arrives by</Table.Th><Table.Th ta="right">Calls</Table.Th><Table.Th>Access</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{shown.map((collection) => (
            <Table.Tr key={collection.name}>
              <Table.Td><Checkbox checked={selected.has(collection.name)} onChange={() => toggle(collection.name)} label={collection.title} description={collection.description} /></Table.Td>
              <Table.Td><Badge variant="light" tt="none" color={collection.kind === 'object' ? 'cyan' : 'violet'}>{collection.kind === 'object' ? 'objects' : 'events'}</Badge></Table.Td>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>{collection.components.map((component) => (component === 'sync' ? 'sync' : 'webhook')).join(' + ')}</Table.Td>
              <Table.Td ta="right">{collection.partOf.length > 0 ? <Text size="sm" c="dimmed">with {collection.partOf.join(', ')}</Text> : <Cost callsPerSync={collection.callsPerSync} isLeast={costs.get(collection.name)?.isLeast === true} perDay={selected.has(collection.name) ? costs.get(collection.name)?.callsPerDay : undefined} />}</Table.Td>
              <Table.Td miw={130}><May access={access.get(collection.name)} permissions={collection.permissions} isAsking={isAsking} isFound={found.some(({ name }) => name === collection.name)} /></Table.Td>
            </Table.Tr>
          ))}</Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {forecast !== undefined && <Total forecast={forecast} selected={selected.size} limits={entry.limits.text} />}
      <Group pos="sticky" bottom={0} py="sm" bg="var(--mantine-color-body)" style={{ borderTop: '1px solid var(--mantine-color-default-border)', zIndex: 1 }} justify="space-between">
        <Text size="sm" role="status"><b>{counted(selected.size, 'collection')}</b>{forecast !== undefined && selected.size > 0 && <> · about <b>{count(forecast.callsPerDay)}</b> calls a day</>}</Text>
        <Button disabled={selected.size === 0} onClick={() => { set(selected); next(); }}>Go on</Button>
      </Group>
    </Stack>
  );
}

/** What the choice will cost, by what the connector declares. */
function useForecast(entry: Entry, draft: Draft, collections: readonly string[]): Forecast | undefined {
  const schedule = draft.times === undefined ? { intervalMinutes: draft.intervalMinutes ?? 180 } : { times: [...draft.times] };
  return useQuery({
    queryKey: ['set-up', entry.name, 'forecast', schedule, collections], enabled: collections.length > 0, placeholderData: keepPreviousData, staleTime: Infinity,
    queryFn: () => answer(api.POST('/api/v1/sources/forecast', { body: { connector: entry.name, collections: [...collections], schedule, configuration: { ...draft.values } } })),
  }).data;
}

const Cost = ({ callsPerSync, isLeast, perDay }: { callsPerSync: number; isLeast: boolean; perDay: number | undefined }) => (
  <><Text size="sm" style={{ whiteSpace: 'nowrap' }}>{isLeast && 'at least '}{count(callsPerSync)} a sync</Text>{perDay !== undefined && <Text size="xs" c="dimmed">{count(Math.round(perDay))} a day</Text>}</>
);

function May({ access, permissions, isAsking, isFound }: { access: Access | undefined; permissions: readonly string[]; isAsking: boolean; isFound: boolean }) {
  if (access === undefined) return isFound ? <Text size="sm" className="works">✓ found</Text> : <Text size="sm" c="dimmed">{isAsking ? 'asking …' : '—'}</Text>;
  if (access.error === undefined) return <Text size="sm" className="works">✓ readable</Text>;
  return <><Text size="sm" className="fails">✕ {access.error.title}</Text><Text size="xs">{access.error.remedy}</Text>{permissions.length > 0 && <Text size="xs" c="dimmed">Needs: {permissions.join(', ')}</Text>}</>;
}

function Total({ forecast: { callsPerDay, runsPerDay, limits, firstSync, warnings }, selected, limits: text }: { forecast: Forecast; selected: number; limits: string }) {
  return (
    <>
      <Alert variant="light" title={`About ${count(callsPerDay)} calls a day`}>
        {counted(selected, 'collection')}, {counted(runsPerDay, 'sync', 'syncs')} a day, when nothing changes.
        {limits.map(({ name, available, percent }) => <Text key={name} size="sm">{percent === null ? 'Nothing is left' : `${percent} %`} of the {count(available)} calls a day that the partner's limit leaves for it ({name}).</Text>)}
        <Text size="sm">The first sync takes at least {counted(firstSync.calls ?? firstSync.atLeast, 'call')}. {firstSync.explanation}</Text>
        <Text size="sm">{text}</Text>
      </Alert>
      <Notices notices={warnings} />
    </>
  );
}
