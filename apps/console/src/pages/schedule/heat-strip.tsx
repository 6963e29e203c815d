import { Box, Group, Stack, Text, Tooltip } from '@mantine/core';
import { counted } from '../../parts/numbers';
import type { Plan } from './schedule';

const DAY_MS = 86_400_000;
const HOURS_APART = 3;

/** In the viewer's zone. */
export const clock = (at: string | number): string => new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });

/** Where in the plan's day, in percent. */
export const placeOf = (plan: Plan, at: string): number => 100 * (Date.parse(at) - Date.parse(plan.slots[0]?.at ?? plan.from)) / DAY_MS;

/** The day by quarters of an hour: the darker, the more calls; the warehouse's busy hours are marked below. */
export function HeatStrip({ plan }: { plan: Plan }) {
  const { slots, timeZone } = plan;
  const most = Math.max(1, ...slots.map(({ calls }) => calls));
  const busiest = slots.reduce((a, b) => (b.calls > a.calls ? b : a), slots[0] ?? { at: plan.from, runs: 0, calls: 0, busy: false });
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Stack gap={4}>
      <Group gap={1} wrap="nowrap" role="img" aria-label={`Expected calls by quarter of an hour; the most at ${clock(busiest.at)}: ${counted(busiest.calls, 'call')} of ${counted(busiest.runs, 'run')}`}>
        {slots.map((slot) => (
          <Tooltip key={slot.at} label={`${clock(slot.at)}: ${counted(slot.runs, 'run')} begin, about ${counted(slot.calls, 'call')}${slot.busy ? '; the warehouse is busy' : ''}`}>
            <Stack gap={2} flex={1}>
              <Box h={40} style={{ borderRadius: 2, background: slot.calls === 0 && slot.runs === 0 ? 'var(--mantine-color-default-border)' : `color-mix(in srgb, var(--mantine-color-cyan-8) ${Math.round(25 + 75 * slot.calls / most)}%, var(--mantine-color-body))` }} />
              <Box h={5} bg={slot.busy ? 'orange.6' : undefined} />
            </Stack>
          </Tooltip>
        ))}
      </Group>
      <Hours plan={plan} />
      <Group gap="lg">
        <Text size="xs" c="dimmed">The darker, the more calls.</Text>
        {slots.some(({ busy }) => busy) && <Group gap={6}><Box w={16} h={5} bg="orange.6" /><Text size="xs" c="dimmed">the warehouse's busy hours</Text></Group>}
        <Text size="xs" c="dimmed">Your time zone: {own}{own !== timeZone && `; the workspace's: ${timeZone}`}.</Text>
      </Group>
    </Stack>
  );
}

/** Every third full hour under the strip. */
function Hours({ plan }: { plan: Plan }) {
  const marks = plan.slots.filter(({ at }) => new Date(at).getMinutes() === 0 && new Date(at).getHours() % HOURS_APART === 0).filter(({ at }) => placeOf(plan, at) < 95);
  return <Box pos="relative" h={16} aria-hidden>{marks.map(({ at }) => <Text key={at} size="xs" c="dimmed" pos="absolute" style={{ left: `${placeOf(plan, at)}%` }}>{String(new Date(at).getHours()).padStart(2, '0')}</Text>)}</Box>;
}
