import { Alert, Anchor, Button, Card, Group, Progress, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { IconMailExclamation, IconPlugConnected } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { answer, api, type Schemas } from '../../api/client';
import { deadLetterCountsQuery, overviewQuery, sourcesQuery, warehousesQuery } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Bars } from '../../parts/bars';
import { Instant } from '../../parts/instant';
import { compact, count, counted } from '../../parts/numbers';
import { Page } from '../../parts/page';
import { Empty, Loaded } from '../../parts/state-view';
import { Status } from '../../parts/status';

type Source = Schemas['SourceDto'];
type Overview = Schemas['OverviewDto'];
type Glance = Overview['sources'][number];

/** What needs a person first. */
const urgency = ({ state, lastRunState, pausedReason }: Source): number =>
  (state === 'error' ? 0 : pausedReason !== null ? 1 : lastRunState === 'failed' || lastRunState === 'killed' ? 2 : lastRunState === 'partial' ? 3 : state === 'paused' ? 4 : 5);

/** One glance: is my data fresh, and if not, what do I press? */
export function HomePage() {
  const query = useQuery(sourcesQuery);
  const overview = useQuery(overviewQuery);
  const warehouses = useQuery(warehousesQuery);
  const mayEdit = useMay('editor');
  const add = mayEdit && <Button component={Link} to="/catalog">Add source</Button>;
  return (
    <Page title="Home" actions={add}>
      <Loaded query={query}>{(sources) => sources.length === 0 ? (
        <Empty icon={IconPlugConnected} title="Bring your first data in" action={warehouses.data?.length === 0 ? mayEdit && <Button component={Link} to="/warehouses/new" search={{ back: '/catalog' } as never}>Connect a warehouse</Button> : add}>
          {warehouses.data?.length === 0 ? 'First the warehouse that your rows go to, then the tools they come from.' : 'Choose a tool, enter its credentials, and its rows arrive in your warehouse.'}
        </Empty>
      ) : (
        <Stack gap="lg">
          {overview.data !== undefined && <Flows overview={overview.data} />}
          <DeadLetters />
          <Stack gap="sm">
            {[...sources].sort((a, b) => urgency(a) - urgency(b) || a.name.localeCompare(b.name)).map((source) =>
              <SourceLine key={source.id} source={source} glance={overview.data?.sources.find(({ sourceId }) => sourceId === source.id)} mayEdit={mayEdit} />)}
          </Stack>
        </Stack>
      )}</Loaded>
    </Page>
  );
}

const hour = (at: string): string => new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
/** Days are UTC. */
const day = (at: string): string => new Date(at).toLocaleDateString(undefined, { weekday: 'short', timeZone: 'UTC' });

/** What came in, as three small charts. */
function Flows({ overview: { hours, days } }: { overview: Overview }) {
  const arrived = ({ records, webhooks }: Overview['hours'][number]): number => records + webhooks;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const words = (label: string, flow: Overview['hours'][number]): string => `${label}: ${counted(flow.records, 'record')} by sync, ${counted(flow.webhooks, 'webhook')}`;
  return (
    <Card withBorder padding="md" component="section" aria-label="What came in">
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="xl">
        <Bars title="Arrived, last 24 hours" total={compact(sum(hours.map(arrived)))} bars={hours.map((flow) => ({ label: hour(flow.at), value: arrived(flow), title: words(hour(flow.at), flow) }))} />
        <Bars title="Arrived a day" total={compact(sum(days.map(arrived)))} bars={days.map((flow) => ({ label: day(flow.at), value: arrived(flow), title: words(day(flow.at), flow) }))} />
        <Bars title="API calls a day" total={compact(sum(days.map(({ calls }) => calls)))} bars={days.map(({ at, calls }) => ({ label: day(at), value: calls, title: `${day(at)}: ${counted(calls, 'call')}` }))} />
      </SimpleGrid>
    </Card>
  );
}

/** Records that could not be processed wait for somebody. */
function DeadLetters() {
  const { data = [] } = useQuery(deadLetterCountsQuery({}));
  const waiting = data.reduce((sum, { open }) => sum + open, 0);
  if (waiting === 0) return null;
  return (
    <Alert color="yellow" icon={<IconMailExclamation aria-hidden />} title={`${counted(waiting, 'record')} could not be processed`}>
      <Group justify="space-between"><Text size="sm">Everything else went on. Each says why, and can be replayed once the reason is gone.</Text><Button component={Link} to="/dead-letters" size="xs" variant="default">Look at them</Button></Group>
    </Alert>
  );
}

function SourceLine({ source, glance, mayEdit }: { source: Source; glance: Glance | undefined; mayEdit: boolean }) {
  const to = `/sources/${source.id}`;
  const why = source.error?.title ?? source.pausedReason?.title ?? (source.state === 'paused' ? 'Paused by a person: nothing runs until it is resumed.' : undefined);
  return (
    <Card withBorder component="article" aria-label={source.name} padding="md">
      <Group justify="space-between" align="center">
        <Stack gap={2} flex="1 1 300px">
          <Group gap="xs">
            <Title order={2} fz="1.05rem"><Anchor component={Link} to={to} inherit>{source.name}</Anchor></Title>
            {(source.state !== 'active' || source.lastRunState === null || source.lastRunState === 'succeeded') && <Status state={source.state} />}
            {source.lastRunState !== null && source.lastRunState !== 'succeeded' && <Status state={source.lastRunState} />}
          </Group>
          <Text size="sm" c="dimmed">{glance?.freshAt == null ? 'Nothing read yet' : <>Fresh <Instant at={glance.freshAt} /></>}{source.nextRunAt !== null && <> · next run <Instant at={source.nextRunAt} /></>}</Text>
          {why !== undefined && <Text size="sm" className="wrap-anywhere">{why}</Text>}
        </Stack>
        {glance !== undefined && <Today glance={glance} />}
        <Group w={{ base: undefined, md: 175 }} justify="flex-end">{mayEdit && <OneAction source={source} />}</Group>
      </Group>
    </Card>
  );
}

/** What it brought and cost today. */
function Today({ glance: { records, webhooks, calls, limit } }: { glance: Glance }) {
  const percent = limit === null ? 0 : 100 * calls / limit.perDay;
  return (
    <Stack gap={2} flex="0 1 300px" className="numbers">
      <Text size="sm">today {counted(records, 'record')}{webhooks > 0 && <> · {counted(webhooks, 'webhook')}</>}</Text>
      <Text size="sm" c="dimmed">{counted(calls, 'call')}{limit !== null && <> of {count(limit.perDay)} {limit.kind === 'budget' ? 'in its budget' : 'the partner allows'}</>}</Text>
      {limit !== null && <Progress size="xs" value={Math.max(calls > 0 ? 1 : 0, percent)} color={percent >= 90 ? 'red' : percent >= 70 ? 'orange' : 'cyan'} aria-label={`${Math.round(percent)} % of today's calls are used`} />}
    </Stack>
  );
}

/** The one thing to press. */
function OneAction({ source }: { source: Source }) {
  const resume = useAction(() => answer(api.POST('/api/v1/sources/{id}/resume', { params: { path: { id: source.id } } })), { touches: [['sources'], ['source', source.id]], says: `${source.name} runs again.` });
  const to = `/sources/${source.id}`;
  if (source.state === 'error') return <Button component={Link} to={`${to}/settings`}>Reconnect</Button>;
  if (source.state === 'paused' && source.pausedReason === null) return <Button variant="default" loading={resume.isPending} onClick={() => resume.mutate(undefined)}>Resume</Button>;
  if (source.error !== null || source.state === 'paused') return <Button component={Link} to={to} variant="light">See what to do</Button>;
  return null;
}
