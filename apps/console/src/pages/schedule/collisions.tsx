import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { answer, api, type Schemas } from '../../api/client';
import { useAction } from '../../parts/action';
import { Clock } from '../../parts/instant';
import { counted } from '../../parts/numbers';
import type { Plan } from './schedule';

type Source = Schemas['SourceDto'];


/** What meets what, and where each would be by itself. */
export function Collisions({ plan, sources, mayEdit }: { plan: Plan; sources: readonly Source[]; mayEdit: boolean }) {
  const warned = plan.sources.flatMap(({ sourceId, name, warnings }) => warnings.map((warning) => ({ sourceId, name, warning })));
  if (warned.length === 0) return null;
  const together = warned.filter(({ warning }) => warning.code === 'runs_together');
  // One of those that meet may stay where it is.
  const toMove = [...together.slice(1), ...warned.filter(({ warning }) => warning.code === 'busy_hours')].map(({ sourceId }) => sourceId);
  const suggested = sources.find(({ id, schedule }) => toMove.includes(id) && schedule.mode === 'interval');
  return (
    <Alert color="yellow" variant="light" icon={<IconInfoCircle aria-hidden />} title={together.length > 0 ? `${counted(together.length, 'source')} run at the same time` : 'Runs fall into busy hours'}>
      <Stack gap="xs">
        {warned.slice(0, 8).map(({ sourceId, name, warning }) => <Text key={`${sourceId} ${warning.code}`} size="sm"><b>{name}</b> {warning.title.charAt(0).toLowerCase()}{warning.title.slice(1)}{warning.at !== undefined && <> Next: <Clock at={warning.at} />.</>}</Text>)}
        {warned.length > 8 && <Text size="sm">and {warned.length - 8} more</Text>}
        {/* One at a time: when it is applied, the others change. */}
        {mayEdit && suggested !== undefined && <Suggestion key={suggested.id} source={suggested} />}
      </Stack>
    </Alert>
  );
}

function Suggestion({ source: { id, name, schedule } }: { source: Source }) {
  const intervalMinutes = schedule.intervalMinutes ?? 1_440;
  const { data } = useQuery({ queryKey: ['schedule', 'suggestion', id, intervalMinutes], queryFn: () => answer(api.GET('/api/v1/schedule/suggestion', { params: { query: { intervalMinutes, sourceId: id } } })) });
  const apply = useAction((startAt: string) => answer(api.PUT('/api/v1/sources/{id}/schedule', { params: { path: { id } }, body: { mode: 'interval', intervalMinutes, startAt } })), { touches: [['schedule'], ['sources'], ['source', id]], says: `${name} is moved.` });
  if (data === undefined) return null;
  return <Group gap="sm"><Text size="sm">Suggested: <b>{name}</b> at <Clock at={data.firstRunAt} />, when others make {data.callsPerMinute === 0 ? 'no call' : 'the fewest calls'}.</Text><Button size="compact-sm" loading={apply.isPending} onClick={() => apply.mutate(data.startAt)} aria-label={`Apply: ${name}`}>Apply</Button></Group>;
}
