import { Anchor, Badge, Button, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { IconChartLine, IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMay } from '../../api/session';
import { Bars } from '../../parts/bars';
import { Instant } from '../../parts/instant';
import { count } from '../../parts/numbers';
import { Page } from '../../parts/page';
import { Empty, Loaded } from '../../parts/state-view';
import { WORDS, measuresQuery, type Kind, type Measure } from './requests';

const BARS = 30;

export const MetricsPage = () => <MeasuresPage kind="metric" />;
export const SegmentsPage = () => <MeasuresPage kind="segment" />;

/** All of one kind, each with its newest value and how it came about. */
function MeasuresPage({ kind }: { kind: Kind }) {
  const { title, lead, to, many, one } = WORDS[kind];
  const query = useQuery(measuresQuery(kind));
  const mayEdit = useMay('editor');
  const add = mayEdit && <><Button component={Link} to="/templates" search={{ kind } as never}>From a template</Button><Button variant="default" component={Link} to={`${to}/new`}>By SQL</Button></>;
  return (
    <Page title={title} lead={lead} actions={add}>
      <Loaded query={query}>{(measures) => measures.length === 0
        ? <Empty icon={kind === 'metric' ? IconChartLine : IconUsersGroup} title={`No ${one} yet`} action={<Group>{add}</Group>}>Each connector has templates of {many} that work at once; change them as you like.</Empty>
        : <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>{measures.map((measure) => <MeasureCard key={measure.id} measure={measure} />)}</SimpleGrid>}</Loaded>
    </Page>
  );
}

const label = (at: string): string => new Date(at).toLocaleDateString(undefined, { day: 'numeric', month: 'short' });

function MeasureCard({ measure: { id, kind, name, description, value, unit, points, error, measuredAt } }: { measure: Measure }) {
  const shown = points.slice(-BARS);
  return (
    <Card withBorder padding="md" component="article" aria-label={name}>
      <Stack gap="xs" h="100%">
        <Group justify="space-between" wrap="nowrap"><Title order={2} fz="1rem"><Anchor component={Link} to={`${WORDS[kind].to}/${id}`} inherit>{name}</Anchor></Title>{error !== null && <Badge color="orange" variant="light" tt="none">not measured</Badge>}</Group>
        <Text size="sm" c="dimmed">{description}</Text>
        <Group align="baseline" gap={6} mt="auto"><Text fz="1.6rem" fw={650} className="numbers">{value === null ? '—' : count(value)}</Text><Text size="sm" c="dimmed">{kind === 'segment' ? 'members' : unit}</Text></Group>
        {shown.length > 1
          ? <Bars title="Over time" total="" height={36} bars={shown.map(({ at, value: of }, index) => ({ label: `${label(at)}${' '.repeat(index)}`, value: Math.max(0, of), title: `${label(at)}: ${count(of)}` }))} />
          : <Text size="xs" c="dimmed">{error ?? (measuredAt === null ? 'Is measured within moments.' : <>Measured <Instant at={measuredAt} /></>)}</Text>}
      </Stack>
    </Card>
  );
}
