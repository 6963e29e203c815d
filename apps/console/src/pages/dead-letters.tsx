import { Badge, Button, Center, Code, Group, Select, Stack, Table, Text, UnstyledButton } from '@mantine/core';
import { IconMailCheck } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answer, api, type Schemas } from '../api/client';
import { deadLetterCountsQuery, deadLettersQuery, sourcesQuery, type LetterFilter } from '../api/queries';
import { useMay } from '../api/session';
import { useAction } from '../parts/action';
import { Confirm } from '../parts/confirm';
import { Instant } from '../parts/instant';
import { count, counted } from '../parts/numbers';
import { Page } from '../parts/page';
import { Empty, Failed, Loaded, Loading } from '../parts/state-view';

type Letter = Schemas['DeadLetterDto'];
type State = Schemas['DeadLetterState'];

const TOUCHES = [['dead-letters']] as const;
const STATES: readonly { readonly value: State; readonly label: string; readonly color: string }[] = [
  { value: 'open', label: 'Open', color: 'orange' }, { value: 'replayed', label: 'Replayed', color: 'teal' }, { value: 'discarded', label: 'Discarded', color: 'gray' },
];
/** `record_without_id` → "record without id". */
const words = (reason: string): string => reason.replaceAll('_', ' ');

/** What could not be processed: by reason, each with its record, to be replayed or discarded. */
export function DeadLettersPage() {
  const [state, setState] = useState<State>('open');
  const [sourceId, setSourceId] = useState<string | null>(null);
  const [chosen, setChosen] = useState<Pick<LetterFilter, 'service' | 'reason'>>({});
  const sources = useQuery(sourcesQuery);
  const mayEdit = useMay('editor');
  const scope: LetterFilter = sourceId === null ? {} : { sourceId };
  const filter: LetterFilter = { ...scope, ...chosen };
  const counts = useQuery(deadLetterCountsQuery(scope));
  const nameOf = (id: string | null): string => sources.data?.find((source) => source.id === id)?.name ?? '—';
  return (
    <Page
      title="Dead letters" lead="Records that could not be processed. Their neighbours went on without them, and nothing of them is lost."
      actions={mayEdit && state === 'open' && <All filter={filter} rows={(counts.data ?? []).filter(({ reason, service }) => chosen.reason === undefined || (reason === chosen.reason && service === chosen.service))} />}
    >
      <Group>
        <Select aria-label="State" w={150} allowDeselect={false} data={STATES.map(({ value, label }) => ({ value, label }))} value={state} onChange={(value) => { setState((value ?? 'open') as State); setChosen({}); }} />
        <Select aria-label="Source" w={220} clearable searchable placeholder="All sources" data={(sources.data ?? []).map(({ id, name }) => ({ value: id, label: name }))} value={sourceId} onChange={(value) => { setSourceId(value); setChosen({}); }} />
      </Group>
      <Loaded query={counts} rows={2}>{(rows) => {
        const present = rows.filter((row) => row[state] > 0);
        return present.length === 0 ? null : (
          <Table.ScrollContainer minWidth={480}><Table>
            <Table.Thead><Table.Tr><Table.Th>Why</Table.Th><Table.Th>Where</Table.Th><Table.Th ta="right">Records</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>{present.map(({ service, reason, ...row }) => {
              const isChosen = chosen.reason === reason && chosen.service === service;
              return (
                <Table.Tr key={`${service} ${reason}`} bg={isChosen ? 'var(--mantine-primary-color-light)' : undefined}>
                  <Table.Td><UnstyledButton fw={600} fz="sm" aria-pressed={isChosen} onClick={() => setChosen(isChosen ? {} : { service: service as NonNullable<LetterFilter['service']>, reason })}>{words(reason)}</UnstyledButton></Table.Td>
                  <Table.Td>{words(service)}</Table.Td><Table.Td ta="right">{count(row[state])}</Table.Td>
                </Table.Tr>
              );
            })}</Table.Tbody>
          </Table></Table.ScrollContainer>
        );
      }}</Loaded>
      <Letters filter={{ ...filter, state }} nameOf={nameOf} mayEdit={mayEdit} />
    </Page>
  );
}

function Letters({ filter, nameOf, mayEdit }: { filter: LetterFilter; nameOf: (sourceId: string | null) => string; mayEdit: boolean }) {
  const query = useInfiniteQuery(deadLettersQuery(filter));
  if (query.data === undefined) return query.isError ? <Failed error={query.error} retry={() => void query.refetch()} /> : <Loading />;
  const letters = query.data.pages.flatMap(({ data }) => data);
  if (letters.length === 0) return <Empty icon={IconMailCheck} title={filter.state === 'open' ? 'No open dead letter' : 'Nothing here'}>{filter.state === 'open' && 'Everything that came could be processed.'}</Empty>;
  return (
    <Stack>
      {letters.map((letter) => <LetterRow key={letter.id} letter={letter} source={nameOf(letter.sourceId)} mayEdit={mayEdit} />)}
      {query.hasNextPage && <Center><Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>Older ones</Button></Center>}
    </Stack>
  );
}

function LetterRow({ letter, source, mayEdit }: { letter: Letter; source: string; mayEdit: boolean }) {
  const path = { params: { path: { id: letter.id } } };
  const replay = useAction(() => answer(api.POST('/api/v1/dead-letters/{id}/replay', path)), { touches: TOUCHES, says: 'It goes through again. If it fails again, it comes back as a new one.' });
  const discard = useAction(() => answer(api.POST('/api/v1/dead-letters/{id}/discard', path)), { touches: TOUCHES, says: 'Discarded.' });
  const { record } = letter;
  const look = STATES.find(({ value }) => value === letter.state);
  return (
    <Stack gap={6} component="article" aria-label={`${words(letter.reason)}, ${source}`} pb="md" style={{ borderBottom: '1px solid var(--mantine-color-default-border)' }}>
      <Group justify="space-between" align="flex-start">
        <div>
          <Group gap="xs"><Text fw={600}>{words(letter.reason)}</Text><Badge color={look?.color ?? 'gray'} variant="light" tt="none">{look?.label.toLowerCase()}</Badge>{letter.replayOf !== null && <Badge variant="outline" color="orange" tt="none">failed again</Badge>}</Group>
          <Text size="sm" className="wrap-anywhere">{letter.message}</Text>
          <Text size="xs" c="dimmed">{source}{letter.collection !== null && ` · ${letter.collection}`} · {words(letter.service)} · <Instant at={letter.at} />{letter.failedAgainAs !== null && ' · its replay failed too'}</Text>
        </div>
        {mayEdit && letter.state === 'open' && (
          <Group gap="xs">
            {letter.replayable && <Button size="xs" loading={replay.isPending} onClick={() => replay.mutate(undefined)}>Replay</Button>}
            <Button size="xs" variant="default" loading={discard.isPending} onClick={() => discard.mutate(undefined)}>Discard</Button>
          </Group>
        )}
      </Group>
      {!letter.replayable && letter.state === 'open' && <Text size="sm">Its signature does not hold, so it is not known to be the partner's. Correct the webhook's secret, then let the partner send it again.</Text>}
      {record.bytes > 0 && <Code block mah={200} style={{ overflow: 'auto' }} tabIndex={0} aria-label="Record">{record.text ?? record.base64}</Code>}
      {record.cut && <Text size="xs" c="dimmed">The beginning of {counted(record.bytes, 'byte')}.</Text>}
    </Stack>
  );
}

/** For all that are shown; a webhook whose signature does not hold can only be discarded. */
function All({ filter, rows }: { filter: LetterFilter; rows: readonly Schemas['DeadLetterCountDto'][] }) {
  const [asks, setAsks] = useState(false);
  const close = (): void => setAsks(false);
  const { state: _, ...body } = filter;
  const replay = useAction(() => answer(api.POST('/api/v1/dead-letters/replay', { body })), { touches: TOUCHES, says: 'They go through again. What fails again comes back as a new one.' });
  const discard = useAction(() => answer(api.POST('/api/v1/dead-letters/discard', { body })), { touches: TOUCHES, says: 'Discarded.', then: close });
  const open = (some: typeof rows): number => some.reduce((sum, row) => sum + row.open, 0);
  if (open(rows) === 0) return null;
  return (
    <>
      {open(rows.filter(({ service }) => service !== 'webhook-gateway')) > 0 && <Button loading={replay.isPending} onClick={() => replay.mutate(undefined)}>Replay all</Button>}
      <Button variant="default" onClick={() => setAsks(true)}>Discard all</Button>
      <Confirm opened={asks} title={`Discard ${counted(open(rows), 'record')}?`} action="Discard all" busy={discard.isPending} close={close} confirm={() => discard.mutate(undefined)}>They are not loaded, now or later.</Confirm>
    </>
  );
}
