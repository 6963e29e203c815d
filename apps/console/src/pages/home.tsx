import { Anchor, Button, Card, Group, Stack, Text, Title } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '../api/client';
import { sourcesQuery, warehousesQuery } from '../api/queries';
import { useMay } from '../api/session';
import { Instant } from '../parts/instant';
import { Page } from '../parts/page';
import { Empty, Loaded } from '../parts/state-view';
import { Status } from '../parts/status';

type Source = Schemas['SourceDto'];

/** What needs a person first. */
const urgency = ({ state, lastRunState }: Source): number => (state === 'error' ? 0 : lastRunState === 'failed' || lastRunState === 'killed' ? 1 : lastRunState === 'partial' ? 2 : state === 'paused' ? 3 : 4);

/** One glance: is my data fresh, and if not, what do I press? */
export function HomePage() {
  const query = useQuery(sourcesQuery);
  const warehouses = useQuery(warehousesQuery);
  const mayEdit = useMay('editor');
  const add = mayEdit && <Button component={Link} to="/catalog">Add source</Button>;
  return (
    <Page title="Home" actions={add}>
      <Loaded query={query}>{(sources) => sources.length === 0 ? (
        <Empty icon={IconPlugConnected} title="Bring your first data in" action={warehouses.data?.length === 0 ? mayEdit && <Button component={Link} to="/warehouses/new" search={{ back: '/catalog' } as never}>Connect a warehouse</Button> : add}>
          {warehouses.data?.length === 0 ? 'First the warehouse that your rows go to, then the tools they come from.' : 'Choose a tool, enter its credentials, and its rows arrive in your warehouse.'}
        </Empty>
      ) : <Stack>{[...sources].sort((a, b) => urgency(a) - urgency(b) || a.name.localeCompare(b.name)).map((source) => <SourceLine key={source.id} source={source} />)}</Stack>}</Loaded>
    </Page>
  );
}

function SourceLine({ source }: { source: Source }) {
  const to = `/sources/${source.id}`;
  const action = source.state === 'error' ? ['Reconnect', `${to}/settings`] as const : source.state === 'paused' ? ['Resume', to] as const : source.error !== null ? ['See what to do', to] as const : undefined;
  return (
    <Card withBorder component="article" aria-label={source.name} padding="md">
      <Group justify="space-between">
        <Stack gap={2} flex="1 1 320px">
          <Group gap="xs"><Title order={2}><Anchor component={Link} to={to} inherit>{source.name}</Anchor></Title><Status state={source.state} />{source.lastRunState !== null && source.lastRunState !== 'succeeded' && <Status state={source.lastRunState} />}</Group>
          {source.error !== null ? <Text size="sm" className="wrap-anywhere">{source.error.title}</Text> : <Text size="sm" c="dimmed">Fresh as of <Instant at={source.lastSuccessAt} />{source.nextRunAt !== null && <> · next run <Instant at={source.nextRunAt} /></>}</Text>}
        </Stack>
        {action !== undefined && <Button component={Link} to={action[1]} variant="light">{action[0]}</Button>}
      </Group>
    </Card>
  );
}
