import { Anchor, Box, Button, Group, Stack, Text, Tooltip } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { useAction } from '../../parts/action';
import { clock, placeOf } from './heat-strip';
import { moved } from './move';
import type { Plan } from './schedule';

const DAY = 1_440;
const MINUTE_MS = 60_000;
/** By drag and by arrow; with Shift a minute. */
const STEP = 5;

interface Props {
  readonly plan: Plan;
  readonly planned: Plan['sources'][number];
  /** Undefined until it is known. */
  readonly schedule: Schemas['ShownScheduleDto'] | undefined;
  readonly mayEdit: boolean;
}

/** The runs of one source on the day; dragged or moved by arrow keys, they start at another time once that is saved. */
export function Lane({ plan, planned, schedule, mayEdit }: Props) {
  const { sourceId, name, runs, expectedSeconds, warnings } = planned;
  const [minutes, setMinutes] = useState(0);
  const lane = useRef<HTMLDivElement>(null);
  const drag = useRef<{ readonly x: number; readonly from: number } | undefined>(undefined);
  const next = runs[0];
  const movable = mayEdit && schedule !== undefined && next !== undefined;
  const most = schedule?.mode === 'interval' ? schedule.intervalMinutes ?? DAY : DAY;
  const clamp = (value: number): number => Math.max(-most + STEP, Math.min(most - STEP, value));
  const shifted = (at: string): string => new Date(Date.parse(at) + minutes * MINUTE_MS).toISOString();
  const save = useAction(() => answer(api.PUT('/api/v1/sources/{id}/schedule', { params: { path: { id: sourceId } }, body: schedule === undefined || next === undefined ? {} : moved(schedule, next, minutes) })), {
    touches: [['schedule'], ['sources'], ['source', sourceId]], says: `${name} is moved.`,
  });
  const down = (event: PointerEvent<HTMLDivElement>): void => {
    if (!movable || event.button !== 0) return;
    drag.current = { x: event.clientX, from: minutes };
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const drags = (event: PointerEvent<HTMLDivElement>): void => {
    if (drag.current === undefined) return;
    const width = lane.current?.clientWidth ?? 1;
    setMinutes(clamp(drag.current.from + Math.round((event.clientX - drag.current.x) / width * DAY / STEP) * STEP));
  };
  const key = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 12, PageDown: -12 }[event.key];
    if (step !== undefined) { event.preventDefault(); setMinutes(clamp(minutes + step * (event.shiftKey ? 1 : STEP))); }
    if (event.key === 'Escape') setMinutes(0);
    if (event.key === 'Enter' && minutes !== 0) save.mutate(undefined);
  };
  const words = next === undefined ? 'no run' : `${clock(shifted(next))}${schedule?.mode === 'interval' ? `, every ${String((schedule.intervalMinutes ?? DAY) / 60)} h` : ''}${minutes === 0 ? '' : ', not saved'}`;
  return (
    <Stack gap={2}>
      <Group justify="space-between" gap="xs" mih={30}>
        <Group gap="xs"><Anchor component={Link} to={`/sources/${sourceId}/schedule`} fw={600} size="sm">{name}</Anchor><Text size="sm" c="dimmed">next {words}</Text>{warnings.length > 0 && <Text size="sm" className="warns">meets others or busy hours</Text>}</Group>
        {minutes !== 0 && <Group gap="xs"><Button size="compact-sm" loading={save.isPending} onClick={() => save.mutate(undefined)}>Save</Button><Button size="compact-sm" variant="default" onClick={() => setMinutes(0)}>Undo</Button></Group>}
      </Group>
      <Box
        ref={lane} pos="relative" h={28} style={{ borderRadius: 4, overflow: 'hidden', background: 'var(--mantine-color-default-hover)', cursor: movable ? 'grab' : undefined, touchAction: 'pan-y' }}
        {...(movable ? { role: 'slider', tabIndex: 0, 'aria-label': `Start of ${name}`, 'aria-valuemin': -most, 'aria-valuemax': most, 'aria-valuenow': minutes, 'aria-valuetext': words, onKeyDown: key } : { role: 'img', 'aria-label': `${name}: next ${words}` })}
        onPointerDown={down} onPointerMove={drags} onPointerUp={() => { drag.current = undefined; }} onPointerCancel={() => { drag.current = undefined; }}
      >
        {plan.slots.filter(({ busy }) => busy).map(({ at }) => <Box key={at} pos="absolute" top={0} bottom={0} bg="var(--mantine-color-orange-light)" style={{ left: `${placeOf(plan, at)}%`, width: `${100 / plan.slots.length}%` }} />)}
        {runs.map((at) => (
          <Tooltip key={at} label={`${clock(shifted(at))}, about ${Math.max(1, Math.round(expectedSeconds / 60))} min`}>
            <Box pos="absolute" top={4} bottom={4} bg={minutes === 0 ? 'cyan.8' : 'violet.6'} style={{ left: `${placeOf(plan, shifted(at))}%`, width: `max(5px, ${100 * expectedSeconds / 86_400}%)`, borderRadius: 2 }} />
          </Tooltip>
        ))}
      </Box>
    </Stack>
  );
}
