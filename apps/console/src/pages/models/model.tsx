import { Alert, Badge, Button, Code, Group, SimpleGrid, Stack, Table, Tabs, Text, TextInput, Title } from '@mantine/core';
import { IconAlertTriangle, IconRefresh, IconUsersGroup } from '@tabler/icons-react';
import { useInfiniteQuery, usePrefetchQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { Suspense, lazy, useState } from 'react';
import { warehousesQuery } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Confirm } from '../../parts/confirm';
import { Instant } from '../../parts/instant';
import { count } from '../../parts/numbers';
import { Page } from '../../parts/page';
import { scrollable } from '../../parts/scrollable';
import { Empty, Failed, Loaded, Loading } from '../../parts/state-view';
import { AUDIENCES, TRAITS, intervalInWords, membersQuery, modelQuery, modelRunsQuery, type Kind, type Model } from './kinds';
import { ModelForm } from './model-form';
import { ModelState } from './models';

const SizeChart = lazy(() => import('./size-chart'));

export function AudiencePage() {
  const { modelId } = useParams({ from: '/shell/audiences/$modelId' });
  return <ModelPage kind={AUDIENCES} id={modelId} />;
}

export function TraitPage() {
  const { modelId } = useParams({ from: '/shell/audiences/traits/$modelId' });
  return <ModelPage kind={TRAITS} id={modelId} />;
}

/** To the list, as it is now; not before, since the page that is left may be of nothing any more. */
function useLeave({ kind, path }: Kind) {
  const [navigate, queries] = [useNavigate(), useQueryClient()];
  return async () => {
    await navigate({ to: path });
    await queries.invalidateQueries({ queryKey: ['models', kind] });
  };
}

function ModelPage({ kind, id }: { kind: Kind; id: string }) {
  // The form needs them; there before its tab is opened, it doesn't push down what stands below.
  usePrefetchQuery(warehousesQuery);
  const query = useQuery(modelQuery(kind, id));
  return <Loaded query={query}>{(model) => <Details kind={kind} model={model} />}</Loaded>;
}

/** Size over time, members, the query, its computations. */
function Details({ kind, model }: { kind: Kind; model: Model }) {
  const mayEdit = useMay('editor');
  const leave = useLeave(kind);
  const [tab, setTab] = useState<string | null>('members');
  const [asks, setAsks] = useState(false);
  const touches = [['models', kind.kind]];
  const compute = useAction(() => kind.compute(model.id), { touches });
  const change = useAction((body: Parameters<Kind['change']>[1]) => kind.change(model.id, body), { touches, says: 'Saved.' });
  const remove = useAction(() => kind.remove(model.id, false), { touches: [], then: leave });
  const { lastRun, lastSuccess } = model;
  const newest = lastRun === null ? '' : `${lastRun.id}${lastRun.state}`;
  const busy = lastRun?.state === 'queued' || lastRun?.state === 'running';
  return (
    <Page
      title={model.name} crumbs={[{ title: kind.title, to: kind.path }]} badge={<ModelState model={model} />}
      lead={<>{model.description !== '' && <>{model.description} · </>}computed {intervalInWords(model.intervalMinutes)}{model.nextRunAt !== null && <>, next <Instant at={model.nextRunAt} /></>} · table <span className="mono">{kind.kind}s.{model.slug}</span></>}
      actions={mayEdit && model.deleting === null && <>
        <Button variant="default" loading={change.isPending} onClick={() => change.mutate({ enabled: !model.enabled })}>{model.enabled ? 'Disable' : 'Enable'}</Button>
        {model.enabled && <Button leftSection={<IconRefresh size={16} />} loading={compute.isPending || busy} onClick={() => compute.mutate(undefined)}>Compute now</Button>}
      </>}
    >
      <Stack>
        {model.deleting !== null && <Deleting kind={kind} model={model} deleting={model.deleting} />}
        {model.deleting === null && lastRun?.state === 'failed' && lastRun.error !== null && (
          <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={lastRun.error.title}><Text size="sm">{lastRun.error.remedy} Members are as they were{lastSuccess === null ? '' : <> <Instant at={lastSuccess.finishedAt} /></>}.</Text></Alert>
        )}
        <SimpleGrid cols={{ base: 2, sm: 4 }}>
          <Figure title="Users" value={lastSuccess?.size ?? null} />
          <Figure title="Came, last time" value={lastSuccess?.entered ?? null} />
          <Figure title="Left, last time" value={lastSuccess?.exited ?? null} />
          {kind.kind === 'trait' ? <Figure title="Changed, last time" value={lastSuccess?.changed ?? null} /> : <Figure title="Rows without user_id" value={lastSuccess?.skipped ?? null} />}
        </SimpleGrid>
        <SizeOverTime kind={kind} model={model} newest={newest} />
        <Tabs value={tab} onChange={setTab} keepMounted={false}>
          <Tabs.List><Tabs.Tab value="members">Members</Tabs.Tab><Tabs.Tab value="query">Query and schedule</Tabs.Tab><Tabs.Tab value="runs">Computations</Tabs.Tab></Tabs.List>
          <Tabs.Panel value="members" pt="md"><Members kind={kind} model={model} newest={lastSuccess?.id ?? ''} /></Tabs.Panel>
          <Tabs.Panel value="query" pt="md">
            {mayEdit && model.deleting === null
              ? <Stack gap="xl"><ModelForm kind={kind} isNew={false} busy={change.isPending} error={change.error} action="Save" initial={{ ...model }} save={({ name, description, statement, intervalMinutes }) => change.mutate({ name, description, statement, ...(intervalMinutes !== model.intervalMinutes && { intervalMinutes }) })} />
                <Stack><Title order={2}>Delete</Title><Group><Button color="red" variant="light" onClick={() => setAsks(true)}>Delete this {kind.one}</Button></Group></Stack></Stack>
              : <Code block className="wrap-anywhere" style={{ whiteSpace: 'pre-wrap' }}>{model.statement}</Code>}
          </Tabs.Panel>
          <Tabs.Panel value="runs" pt="md"><Runs kind={kind} model={model} newest={newest} /></Tabs.Panel>
        </Tabs>
      </Stack>
      <Confirm opened={asks} title={`Delete ${model.name}?`} action="Delete" busy={remove.isPending} close={() => setAsks(false)} confirm={() => remove.mutate(undefined)}>{kind.kind === 'audience'
        ? 'Its table in the warehouse goes too, and everybody leaves it: destinations and topics get one audience_exited for each user. It stays in the list until that is done. To keep the users where they are, disable it instead.'
        : 'Its table in the warehouse goes too, and nobody has a value any more: destinations and topics get one trait_changed for each user. It stays in the list until that is done. To keep the values, disable it instead.'}</Confirm>
    </Page>
  );
}

/** What holds the delete up, to try it again or give it up. */
function Deleting({ kind, model, deleting }: { kind: Kind; model: Model; deleting: NonNullable<Model['deleting']> }) {
  const mayEdit = useMay('editor');
  const leave = useLeave(kind);
  const [asks, setAsks] = useState(false);
  const again = useAction(() => kind.remove(model.id, false), { touches: [['models', kind.kind]] });
  const giveUp = useAction(() => kind.remove(model.id, true), { touches: [], then: leave });
  const { error, nextTryAt, since } = deleting;
  return (
    <Alert color={error === null ? 'gray' : 'red'} icon={<IconAlertTriangle aria-hidden />} title={error === null ? `This ${kind.one} is being deleted.` : `This ${kind.one} can't be deleted yet: ${error.title}`}>
      <Stack gap="sm">
        <Text size="sm">{error !== null && <>{error.remedy} </>}Deleted <Instant at={since} />; it goes once everybody has been told to leave it{nextTryAt !== null && <>, tried again <Instant at={nextTryAt} /></>}.</Text>
        {mayEdit && error !== null && <Group><Button variant="default" size="xs" loading={again.isPending} onClick={() => again.mutate(undefined)}>Try again now</Button><Button color="red" variant="light" size="xs" onClick={() => setAsks(true)}>Give it up</Button></Group>}
      </Stack>
      <Confirm opened={asks} title={`Give ${model.name} up?`} action="Give it up" typed={model.slug} busy={giveUp.isPending} close={() => setAsks(false)} confirm={() => giveUp.mutate(undefined)}>It goes at once. Nobody is told that they left: destinations keep its users, and its table stays in the warehouse.</Confirm>
    </Alert>
  );
}

const Figure = ({ title, value }: { title: string; value: number | null }) => <div><Text size="sm" c="dimmed">{title}</Text><Text fw={650} size="xl" className="numbers">{value === null ? '–' : count(value)}</Text></div>;

function SizeOverTime({ kind, model, newest }: { kind: Kind; model: Model; newest: string }) {
  const { data = [] } = useQuery(modelRunsQuery(kind, model.id, newest));
  const sizes = data.filter(({ size, finishedAt }) => size !== null && finishedAt !== null).map(({ size, finishedAt }) => ({ at: finishedAt ?? '', size: size ?? 0 })).reverse();
  if (sizes.length < 2) return null;
  return <section><Title order={2} mb="sm">Size over time</Title><Suspense fallback={<Loading />}><SizeChart sizes={sizes} /></Suspense></section>;
}

function Members({ kind, model, newest }: { kind: Kind; model: Model; newest: string }) {
  const [prefix, setPrefix] = useState('');
  const query = useInfiniteQuery(membersQuery(kind, model.id, newest, prefix));
  const found = query.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <Stack>
      <TextInput label="Find a user" placeholder="How the id begins" maw={320} value={prefix} onChange={(event) => setPrefix(event.currentTarget.value)} />
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading />}
      {query.data !== undefined && found.length === 0 && <Empty icon={IconUsersGroup} title={prefix === '' ? 'Nobody is in it' : 'No such user in it'}>{model.lastSuccess === null ? 'It was not computed yet.' : 'The query found nobody.'}</Empty>}
      {found.length > 0 && (
        <Table.ScrollContainer minWidth={360} scrollAreaProps={scrollable('Members')}><Table aria-label="Members">
          <Table.Thead><Table.Tr><Table.Th>User</Table.Th>{kind.kind === 'trait' && <Table.Th>Value</Table.Th>}<Table.Th>Since</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{found.map(({ userId, since, value }) => <Table.Tr key={userId}><Table.Td className="mono wrap-anywhere">{userId}</Table.Td>{kind.kind === 'trait' && <Table.Td className="wrap-anywhere">{value}</Table.Td>}<Table.Td><Instant at={since} /></Table.Td></Table.Tr>)}</Table.Tbody>
        </Table></Table.ScrollContainer>
      )}
      {query.hasNextPage && <Group><Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>More</Button></Group>}
    </Stack>
  );
}

const COLORS: Readonly<Record<string, string>> = { queued: 'gray', running: 'cyan', succeeded: 'teal', failed: 'red' };

function Runs({ kind, model, newest }: { kind: Kind; model: Model; newest: string }) {
  const query = useQuery(modelRunsQuery(kind, model.id, newest));
  return <Loaded query={query}>{(runs) => (
    <Table.ScrollContainer minWidth={560} scrollAreaProps={scrollable('Computations')}><Table aria-label="Computations">
      <Table.Thead><Table.Tr><Table.Th>When</Table.Th><Table.Th>Why</Table.Th><Table.Th>State</Table.Th><Table.Th ta="right">Users</Table.Th><Table.Th ta="right">Came</Table.Th><Table.Th ta="right">Left</Table.Th></Table.Tr></Table.Thead>
      <Table.Tbody>{runs.map((run) => (
        <Table.Tr key={run.id}>
          <Table.Td><Instant at={run.startedAt ?? run.createdAt} /></Table.Td><Table.Td>{run.trigger}</Table.Td>
          <Table.Td><Badge variant="light" tt="none" color={COLORS[run.state] ?? 'gray'}>{run.state}</Badge>{run.error !== null && <Text size="sm" className="fails">{run.error.title}</Text>}</Table.Td>
          {[run.size, run.entered, run.exited].map((value, index) => <Table.Td key={index} ta="right">{value === null ? '' : count(value)}</Table.Td>)}
        </Table.Tr>
      ))}</Table.Tbody>
    </Table></Table.ScrollContainer>
  )}</Loaded>;
}
