import { Button, Checkbox, Group, Select, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiProblem, answer, api, type Schemas } from '../../api/client';
import { Instant } from '../../parts/instant';
import { Notices } from '../../parts/notices';
import { Failed } from '../../parts/state-view';
import type { Draft } from './draft';
import type { Entry } from './setup';

const HOURS = [1, 2, 3, 4, 6, 8, 12, 24];
const DAY_MS = 86_400_000;
const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

interface Props {
  readonly entry: Entry;
  readonly draft: Draft;
  readonly credentials: { readonly configuration: Record<string, string>; readonly grantId?: string };
  readonly change: (part: Partial<Draft>) => void;
  readonly done: (source: Schemas['SourceDto']) => void;
}

/** Its name, how far back, how often; then it exists and its first sync runs. */
export function ScheduleStep({ entry, draft, credentials, change, done }: Props) {
  const queries = useQueryClient();
  const intervalMinutes = draft.intervalMinutes ?? 180;
  const suggestion = useQuery({ queryKey: ['schedule', 'suggestion', intervalMinutes], queryFn: () => answer(api.GET('/api/v1/schedule/suggestion', { params: { query: { intervalMinutes } } })) });
  const [quiet, setQuiet] = useState(true);
  const startAt = quiet ? suggestion.data?.startAt : undefined;
  const create = useMutation({
    mutationFn: () => answer(api.POST('/api/v1/sources', {
      params: { header: { 'idempotency-key': draft.key } as never },
      body: {
        connector: entry.name, name: draft.name ?? entry.title, ...credentials, schedule: { mode: 'interval', intervalMinutes, ...(startAt !== undefined && { startAt }) },
        ...(draft.collections !== undefined && { collections: [...draft.collections] }), ...(draft.startDate !== undefined && { startDate: new Date(draft.startDate).toISOString() }),
      },
    })),
    onSuccess: async (source) => { await queries.invalidateQueries({ queryKey: ['sources'] }); done(source); },
  });
  const errorOf = (field: string): string | undefined => (create.error instanceof ApiProblem ? create.error.field(field) : undefined);
  const now = Date.now();
  return (
    <form onSubmit={(event) => { event.preventDefault(); create.mutate(); }}>
      <Stack maw={480} pt="md">
        <TextInput label="Name" description="Also names its schema in the warehouse" required maxLength={100} value={draft.name ?? entry.title} onChange={(event) => change({ name: event.currentTarget.value })} error={errorOf('name')} />
        <TextInput type="date" label="Sync start date" description="Nothing older is asked for; at most one year back" min={day(now - 365 * DAY_MS)} max={day(now)} value={draft.startDate ?? day(now - 365 * DAY_MS + DAY_MS)} onChange={(event) => change({ startDate: event.currentTarget.value })} error={errorOf('startDate')} />
        <Select label="Sync every" data={HOURS.map((hours) => ({ value: String(hours * 60), label: hours === 1 ? 'hour' : `${hours} hours` }))} allowDeselect={false} value={String(intervalMinutes)} onChange={(value) => change({ intervalMinutes: Number(value) })} error={errorOf('schedule.intervalMinutes')} />
        {suggestion.data !== undefined && <Checkbox checked={quiet} onChange={(event) => setQuiet(event.currentTarget.checked)} label={`Start at ${suggestion.data.startAt}, when the fewest other sources run`} description={<>The first scheduled run is then <Instant at={suggestion.data.firstRunAt} />; the first sync begins at once.</>} />}
        <Notices notices={quiet ? suggestion.data?.warnings ?? [] : []} />
        {create.isError && <Failed error={create.error} />}
        <Group><Button type="submit" loading={create.isPending}>Create the source and sync</Button></Group>
      </Stack>
    </form>
  );
}
