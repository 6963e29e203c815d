import { Button, Group, SegmentedControl, Select, Stack, TagsInput, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answer, api } from '../../api/client';
import { sourceQuery } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Instant } from '../../parts/instant';
import { Loaded } from '../../parts/state-view';
import type { Source } from './source';

const HOURS = [1, 2, 3, 4, 6, 8, 12, 24];

/** How often, or at which times of day. */
export function ScheduleTab() {
  const { sourceId } = useParams({ from: '/shell/sources/$sourceId' });
  const query = useQuery(sourceQuery(sourceId));
  return <Loaded query={query}>{(source) => <Schedule source={source} />}</Loaded>;
}

function Schedule({ source }: { source: Source }) {
  const mayEdit = useMay('editor');
  const { schedule } = source;
  const [mode, setMode] = useState(schedule.mode);
  const [minutes, setMinutes] = useState(schedule.intervalMinutes ?? 180);
  const [times, setTimes] = useState<string[]>(schedule.times.length > 0 ? schedule.times : ['06:00']);
  const wrong = times.find((time) => !/^([01]\d|2[0-3]):[0-5]\d$/.test(time));
  const save = useAction(() => answer(api.PUT('/api/v1/sources/{id}/schedule', { params: { path: { id: source.id } }, body: mode === 'times' ? { mode, times } : { mode, intervalMinutes: minutes } })), { touches: [['source', source.id], ['sources'], ['schedule']], says: 'The schedule is changed.' });
  const choices = [...new Set([...HOURS.map((hours) => hours * 60), minutes])].sort((a, b) => a - b);
  return (
    <Stack maw={560}>
      <Text>Next run: <b>{source.nextRunAt === null ? 'none is planned' : <Instant at={source.nextRunAt} />}</b>{source.syncQuota !== null && <> · {source.syncQuota.used} of {source.syncQuota.perDay} syncs of today's plan used</>}</Text>
      <SegmentedControl aria-label="Kind of schedule" value={mode} disabled={!mayEdit} onChange={(value) => setMode(value as typeof mode)} data={[{ value: 'interval', label: 'Every so many hours' }, { value: 'times', label: 'At times of day' }]} />
      {mode === 'times'
        ? <TagsInput label="Times of day" description={`In the workspace's time zone, ${schedule.timeZone}; write each as HH:MM and press Enter`} value={times} onChange={setTimes} error={wrong !== undefined && `${wrong} is no time of day such as 06:00`} disabled={!mayEdit} />
        : <Select label="Sync every" data={choices.map((choice) => ({ value: String(choice), label: choice % 60 === 0 ? (choice === 60 ? 'hour' : `${choice / 60} hours`) : `${choice} minutes` }))} value={String(minutes)} allowDeselect={false} onChange={(value) => setMinutes(Number(value))} disabled={!mayEdit} />}
      {mayEdit && <Group><Button loading={save.isPending} disabled={mode === 'times' && (times.length === 0 || wrong !== undefined)} onClick={() => save.mutate(undefined)}>Save</Button></Group>}
    </Stack>
  );
}
