import { Alert, Button, Checkbox, Group, SegmentedControl, Select, Stack, TagsInput, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiProblem, answer, api, type Schemas } from '../../api/client';
import { Instant } from '../../parts/instant';
import { Notices } from '../../parts/notices';
import { failed } from '../../parts/notify';
import { Failed } from '../../parts/state-view';
import type { Credentials } from './access';
import { CredentialForm } from './credential-form';
import type { Draft } from './draft';
import type { Entry } from './setup';

const HOURS = [1, 2, 3, 4, 6, 8, 12, 24];
const DAY_MS = 86_400_000;
const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

interface Props {
  readonly entry: Entry;
  readonly draft: Draft;
  readonly credentials: Credentials;
  /** Secrets that a reload has forgotten, and that are entered again here. */
  readonly missing: readonly Entry['configuration'][number][];
  readonly secrets: Readonly<Record<string, string>>;
  readonly setSecrets: (secrets: Readonly<Record<string, string>>) => void;
  readonly change: (part: Partial<Draft>) => void;
  readonly done: (source: Schemas['SourceDto']) => void;
}

/** Its name, how far back, how often; then it exists and its first sync runs. */
export function ScheduleStep({ entry, draft, credentials, missing, secrets, setSecrets, change, done }: Props) {
  const queries = useQueryClient();
  const { times } = draft;
  const intervalMinutes = draft.intervalMinutes ?? 180;
  const suggestion = useQuery({ queryKey: ['schedule', 'suggestion', intervalMinutes], queryFn: () => answer(api.GET('/api/v1/schedule/suggestion', { params: { query: { intervalMinutes } } })) });
  const [quiet, setQuiet] = useState(true);
  const startAt = quiet ? suggestion.data?.startAt : undefined;
  const wrong = times?.find((time) => !TIME.test(time));
  const create = useMutation({
    mutationFn: () => answer(api.POST('/api/v1/sources', {
      params: { header: { 'Idempotency-Key': draft.key } },
      body: {
        connector: entry.name, name: draft.name ?? entry.title, ...credentials,
        schedule: times !== undefined ? { mode: 'times', times: [...times] } : { mode: 'interval', intervalMinutes, ...(startAt !== undefined && { startAt }) },
        ...(draft.collections !== undefined && { collections: [...draft.collections] }), ...(draft.startDate !== undefined && { startDate: new Date(draft.startDate).toISOString() }),
      },
    })),
    onSuccess: async (source) => {
      const templates = [...draft.templates ?? []];
      // The source is there whatever becomes of them; they can be made from the list of templates later.
      if (templates.length > 0) await answer(api.POST('/api/v1/templates', { body: { sourceId: source.id, templates } })).catch(failed);
      await Promise.all([queries.invalidateQueries({ queryKey: ['sources'] }), queries.invalidateQueries({ queryKey: ['measures'] })]);
      done(source);
    },
  });
  const errorOf = (field: string): string | undefined => (create.error instanceof ApiProblem ? create.error.field(field) : undefined);
  const now = Date.now();
  return (
    <form onSubmit={(event) => { event.preventDefault(); create.mutate(); }}>
      <Stack maw={520} pt="md">
        {missing.length > 0 && (
          <Alert variant="light" title="Enter the credentials once more"><Stack gap="xs">
            They are not kept over a reload; everything else you chose is.
            <CredentialForm fields={missing} values={secrets} errorOf={errorOf} change={(field, value) => setSecrets({ ...secrets, [field.name]: value })} />
          </Stack></Alert>
        )}
        <TextInput label="Name" description="Also names its schema in the warehouse" required maxLength={100} value={draft.name ?? entry.title} onChange={(event) => change({ name: event.currentTarget.value })} error={errorOf('name')} />
        <TextInput type="date" label="Sync start date" description="Nothing older is asked for; at most one year back" min={day(now - 365 * DAY_MS)} max={day(now)} value={draft.startDate ?? day(now - 365 * DAY_MS + DAY_MS)} onChange={(event) => change({ startDate: event.currentTarget.value })} error={errorOf('startDate')} />
        <SegmentedControl aria-label="Kind of schedule" value={times === undefined ? 'interval' : 'times'} onChange={(value) => change({ times: value === 'times' ? [suggestion.data?.startAt ?? '06:00'] : undefined })} data={[{ value: 'interval', label: 'Every so many hours' }, { value: 'times', label: 'At times of day' }]} />
        {times !== undefined
          ? <TagsInput label="Times of day" description={`In the workspace's time zone${suggestion.data === undefined ? '' : `, ${suggestion.data.timeZone}`}; write each as HH:MM and press Enter`} value={[...times]} onChange={(value) => change({ times: value })} error={(wrong !== undefined && `${wrong} is no time of day such as 06:00`) || errorOf('schedule.times')} />
          : <>
            <Select label="Sync every" data={HOURS.map((hours) => ({ value: String(hours * 60), label: hours === 1 ? 'hour' : `${hours} hours` }))} allowDeselect={false} value={String(intervalMinutes)} onChange={(value) => change({ intervalMinutes: Number(value) })} error={errorOf('schedule.intervalMinutes')} />
            {suggestion.data !== undefined && <Checkbox checked={quiet} onChange={(event) => setQuiet(event.currentTarget.checked)} label={`Start at ${suggestion.data.startAt} (${suggestion.data.timeZone}), when the fewest other sources run`} description={<>The first scheduled run is then <Instant at={suggestion.data.firstRunAt} />; the first sync begins at once.</>} />}
            <Notices notices={quiet ? suggestion.data?.warnings ?? [] : []} />
          </>}
        {create.isError && <Failed error={create.error} />}
        <Group><Button type="submit" loading={create.isPending} disabled={wrong !== undefined || times?.length === 0}>Create the source and sync</Button></Group>
      </Stack>
    </form>
  );
}
