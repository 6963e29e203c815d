import { Badge, Button, Checkbox, Group, NativeSelect, Stack, Table, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { collectionsQuery, sourceQuery } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Instant } from '../../parts/instant';
import { Loaded } from '../../parts/state-view';

type Row = Schemas['SourceCollectionDto'];
type Access = Schemas['CollectionAccessDto'];

const EVERY = [60, 180, 360, 720, 1_440, 10_080];
const words = (minutes: number): string => (minutes % 1_440 === 0 ? `${minutes / 1_440 === 1 ? 'day' : `${minutes / 1_440} days`}` : `${minutes / 60 === 1 ? 'hour' : `${minutes / 60} hours`}`);

/** What the source brings: chosen, tested for permission, each with its own rhythm. */
export function CollectionsTab() {
  const { sourceId } = useParams({ from: '/shell/sources/$sourceId' });
  const query = useQuery(collectionsQuery(sourceId));
  return <Loaded query={query} rows={8}>{(rows) => <Collections key={rows.filter(({ selected }) => selected).length} sourceId={sourceId} rows={rows} />}</Loaded>;
}

function Collections({ sourceId, rows }: { sourceId: string; rows: readonly Row[] }) {
  const mayEdit = useMay('editor');
  const source = useQuery(sourceQuery(sourceId));
  const [selected, setSelected] = useState(() => new Set(rows.filter((row) => row.selected).map(({ name }) => name)));
  const [search, setSearch] = useState('');
  const params = { path: { id: sourceId } };
  const touches = [['source', sourceId], ['sources']];
  const save = useAction(() => answer(api.PUT('/api/v1/sources/{id}/collections', { params, body: { collections: [...selected] } })), { touches, says: 'Saved: it counts from the next run on.' });
  const test = useAction(() => answer(api.POST('/api/v1/sources/{id}/test', { params, body: { collections: [...selected] } })), { touches: [] });
  const discover = useAction(() => answer(api.POST('/api/v1/sources/{id}/collections/discover', { params })), { touches, says: 'The partner was asked for new collections.' });
  const rhythm = useAction(({ name, minutes }: { name: string; minutes: number | null }) => {
    const others = (source.data?.schedule.collections ?? []).filter(({ collection }) => collection !== name).map(({ collection, everyMinutes }) => ({ collection, everyMinutes }));
    return answer(api.PUT('/api/v1/sources/{id}/schedule', { params, body: { collections: minutes === null ? others : [...others, { collection: name, everyMinutes: minutes }] } }));
  }, { touches, says: 'Saved.' });
  const access = new Map((test.data?.access ?? []).map((one) => [one.collection, one]));
  const shown = rows.filter(({ name, title }) => `${name} ${title}`.toLowerCase().includes(search.toLowerCase()));
  const changed = rows.some(({ name, selected: before }) => before !== selected.has(name));
  const toggle = (name: string): void => setSelected((before) => { const after = new Set(before); if (!after.delete(name)) after.add(name); return after; });
  return (
    <Stack>
      <Group>
        <TextInput aria-label="Search collections" placeholder="Search collections" value={search} onChange={(event) => setSearch(event.currentTarget.value)} />
        {mayEdit && <>
          <Button disabled={!changed || selected.size === 0} loading={save.isPending} onClick={() => save.mutate(undefined)}>Save the selection</Button>
          <Button variant="default" loading={test.isPending} onClick={() => test.mutate(undefined)}>Test permissions</Button>
          {rows.some(({ partnerName }) => partnerName !== null) && <Button variant="default" loading={discover.isPending} onClick={() => discover.mutate(undefined)}>Look for new ones</Button>}
        </>}
      </Group>
      <Table.ScrollContainer minWidth={760}>
        <Table>
          <Table.Thead><Table.Tr><Table.Th>Collection</Table.Th><Table.Th>Kind</Table.Th><Table.Th ta="right">Calls a sync</Table.Th><Table.Th>Last read</Table.Th><Table.Th>Rhythm</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{shown.map((row) => (
            <Table.Tr key={row.name}>
              <Table.Td>
                <Checkbox checked={selected.has(row.name)} disabled={!mayEdit} onChange={() => toggle(row.name)} label={row.title} description={row.name === row.title ? undefined : row.name} />
                <AccessLine access={access.get(row.name)} />
                {row.warning !== null && <Text size="xs" className="warns">{row.warning.title} {row.warning.remedy}</Text>}
                {row.failedRuns > 0 && <Text size="xs" className="fails">failed in the last {row.failedRuns === 1 ? 'run' : `${row.failedRuns} runs`}, since <Instant at={row.failingSince} /></Text>}
                {row.calculated.length > 0 && <Text size="xs" c="dimmed">Calculated by the partner, so a change of theirs alone isn't seen: {row.calculated.join(', ')}</Text>}
              </Table.Td>
              <Table.Td><Badge variant="light" tt="none" color={row.kind === 'object' ? 'cyan' : 'violet'}>{row.kind === 'object' ? 'objects' : 'events'}</Badge></Table.Td>
              <Table.Td ta="right">{row.callsPerSync}</Table.Td>
              <Table.Td>{row.readAt === null ? '—' : <Instant at={row.readAt} />}</Table.Td>
              <Table.Td><NativeSelect size="xs" w={150} aria-label={`Rhythm of ${row.name}`} disabled={!mayEdit || !row.selected} value={row.everyMinutes === null ? 'each' : String(row.everyMinutes)}
                data={[{ value: 'each', label: 'every sync' }, ...[...new Set([...EVERY, ...(row.everyMinutes === null ? [] : [row.everyMinutes])])].map((minutes) => ({ value: String(minutes), label: `every ${words(minutes)}` }))]}
                onChange={({ currentTarget: { value } }) => rhythm.mutate({ name: row.name, minutes: value === 'each' ? null : Number(value) })} /></Table.Td>
            </Table.Tr>
          ))}</Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}

function AccessLine({ access }: { access: Access | undefined }) {
  if (access === undefined) return null;
  return access.error === undefined ? <Text size="xs" className="works">✓ readable</Text> : <Text size="xs" className="fails">✕ {access.error.title} {access.error.remedy}</Text>;
}
