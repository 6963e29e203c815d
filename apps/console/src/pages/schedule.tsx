import { Alert, Anchor, Box, Group, Stack, Table, Text, Title, Tooltip } from '@mantine/core';
import { IconCalendarOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { answer, api, type Schemas } from '../api/client';
import { counted } from '../parts/numbers';
import { Page } from '../parts/page';
import { Empty, Loaded } from '../parts/state-view';

type Plan = Schemas['SchedulePlanDto'];

const time = (at: string, timeZone: string): string => new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', timeZone });

/** The next 24 hours: when sources run, where they collide, when the warehouse is busy. */
export function SchedulePage() {
  const query = useQuery({ queryKey: ['schedule'], queryFn: () => answer(api.GET('/api/v1/schedule', { params: { query: { limit: 200 } } })) });
  return (
    <Page title="Schedule" lead="The next 24 hours. A source moves to another time on its Schedule tab.">
      <Loaded query={query} rows={6}>{(plan) => plan.sources.length === 0
        ? <Empty icon={IconCalendarOff} title="Nothing is planned">Sources that are paused or in error have no next run.</Empty>
        : <Stack><Strip plan={plan} /><Sources plan={plan} /></Stack>}</Loaded>
    </Page>
  );
}

/** A bar for each quarter of an hour; busy hours of the warehouse are shaded. */
function Strip({ plan }: { plan: Plan }) {
  const most = Math.max(1, ...plan.slots.map(({ runs }) => runs));
  const busiest = plan.slots.reduce((a, b) => (b.runs > a.runs ? b : a), plan.slots[0] ?? { at: plan.from, runs: 0, calls: 0, busy: false });
  return (
    <Stack gap={4}>
      <Group gap={1} wrap="nowrap" align="flex-end" h={96} role="img" aria-label={`Runs per quarter of an hour; most at ${time(busiest.at, plan.timeZone)}, ${counted(busiest.runs, 'run')}`}>
        {plan.slots.map((slot) => (
          <Tooltip key={slot.at} label={`${time(slot.at, plan.timeZone)}: ${counted(slot.runs, 'run')}, about ${counted(slot.calls, 'call')}${slot.busy ? '; the warehouse is busy' : ''}`}>
            <Box flex={1} h="100%" pos="relative" bg={slot.busy ? 'var(--mantine-color-orange-light)' : undefined}>
              <Box pos="absolute" bottom={0} left={0} right={0} h={`${slot.runs === 0 ? 2 : 8 + 92 * slot.runs / most}%`} bg={slot.runs === 0 ? 'var(--mantine-color-default-border)' : 'cyan.8'} style={{ borderRadius: 2 }} />
            </Box>
          </Tooltip>
        ))}
      </Group>
      <Group justify="space-between">{plan.slots.filter((_, index) => index % 16 === 0).map((slot) => <Text key={slot.at} size="xs" c="dimmed">{time(slot.at, plan.timeZone)}</Text>)}</Group>
      <Text size="xs" c="dimmed">Times of {plan.timeZone}; shaded: the warehouse's busy hours{plan.warehouses.every(({ busyHours }) => busyHours.length === 0) ? ' (none are set)' : ''}.</Text>
    </Stack>
  );
}

function Sources({ plan }: { plan: Plan }) {
  return (
    <>
      {plan.sources.flatMap((source) => source.warnings.map((warning) => (
        <Alert key={`${source.sourceId} ${warning.code}`} color="yellow" variant="light" title={`${source.name}: ${warning.title}`}><Text size="sm">{warning.remedy} <Anchor component={Link} to={`/sources/${source.sourceId}/schedule`} size="sm">Change it</Anchor></Text></Alert>
      )))}
      <Title order={2}>Planned runs</Title>
      <Table.ScrollContainer minWidth={480}><Table>
        <Table.Thead><Table.Tr><Table.Th>Source</Table.Th><Table.Th>Runs at</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>{plan.sources.map((source) => (
          <Table.Tr key={source.sourceId}>
            <Table.Td><Anchor component={Link} to={`/sources/${source.sourceId}/schedule`} fw={600}>{source.name}</Anchor></Table.Td>
            <Table.Td>{source.runs.slice(0, 24).map((at) => time(at, plan.timeZone)).join(' · ')}{source.runs.length > 24 ? ` and ${source.runs.length - 24} more` : ''}</Table.Td>
          </Table.Tr>
        ))}</Table.Tbody>
      </Table></Table.ScrollContainer>
    </>
  );
}
