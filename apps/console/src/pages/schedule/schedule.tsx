import { Anchor, Stack, Text } from '@mantine/core';
import { IconCalendarOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../api/client';
import { scheduleQuery, sourcesQuery } from '../../api/queries';
import { useMay } from '../../api/session';
import { Page } from '../../parts/page';
import { Empty, Loaded } from '../../parts/state-view';
import { Collisions } from './collisions';
import { HeatStrip } from './heat-strip';
import { Lane } from './lane';

export type Plan = Schemas['SchedulePlanDto'];

/** The next 24 hours: when sources run, where they meet, when the warehouse is busy; each can be moved. */
export function SchedulePage() {
  const query = useQuery(scheduleQuery);
  const sources = useQuery(sourcesQuery);
  const mayEdit = useMay('editor');
  return (
    <Page title="Schedule" lead={mayEdit ? 'The next 24 hours. Drag a source to another time, or focus it and use the arrow keys.' : 'The next 24 hours.'}>
      <Loaded query={query} rows={6}>{(plan) => plan.sources.length === 0
        ? <Empty icon={IconCalendarOff} title="Nothing is planned">Sources that are paused or in error have no next run.</Empty>
        : (
          <Stack gap="lg">
            <HeatStrip plan={plan} />
            <Collisions plan={plan} sources={sources.data ?? []} mayEdit={mayEdit} />
            <Stack gap="xs" component="section" aria-label="Planned runs">
              {plan.sources.map((planned) => <Lane key={`${planned.sourceId} ${planned.runs[0] ?? ''}`} plan={plan} planned={planned} schedule={sources.data?.find(({ id }) => id === planned.sourceId)?.schedule} mayEdit={mayEdit} />)}
            </Stack>
            {plan.warehouses.every(({ busyHours }) => busyHours.length === 0) && <Text size="sm" c="dimmed">No warehouse has busy hours. Set them on the <Anchor component={Link} to="/warehouses" size="sm" underline="always">warehouse's page</Anchor>, and suggestions keep away from them.</Text>}
          </Stack>
        )}</Loaded>
    </Page>
  );
}
