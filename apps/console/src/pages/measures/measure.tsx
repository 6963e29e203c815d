import { Alert, Button, Group, Select, Stack, Text, TextInput, Textarea } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { answer, api } from '../../api/client';
import { warehousesQuery } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Confirm } from '../../parts/confirm';
import { Instant } from '../../parts/instant';
import { count, counted } from '../../parts/numbers';
import { Page } from '../../parts/page';
import { RowsTable } from '../../parts/rows-table';
import { Failed, Loaded, Loading } from '../../parts/state-view';
import { WORDS, changeMeasure, createMeasure, measureNow, measureQuery, previewMeasure, removeMeasure, type Kind, type Measure } from './requests';

const LineChart = lazy(() => import('../../parts/line-chart'));

export function MetricPage() { return <MeasurePage kind="metric" id={useParams({ from: '/shell/metrics/$measureId' }).measureId} />; }
export function SegmentPage() { return <MeasurePage kind="segment" id={useParams({ from: '/shell/segments/$measureId' }).measureId} />; }

function MeasurePage({ kind, id }: { kind: Kind; id: string }) {
  const query = useQuery(measureQuery(kind, id));
  return <Loaded query={query} rows={6}>{(measure) => <Details key={measure.updatedAt} measure={measure} />}</Loaded>;
}

function Details({ measure }: { measure: Measure }) {
  const { id, kind, name, description, value, unit, points, error, measuredAt } = measure;
  const { title, to, one } = WORDS[kind];
  const mayEdit = useMay('editor');
  const navigate = useNavigate();
  const [asks, setAsks] = useState(false);
  const touches = [['measures']];
  const now = useAction(() => measureNow(kind, id), { touches });
  const save = useAction((change: Draft) => changeMeasure(kind, id, change), { touches, says: 'Saved.', then: () => now.mutate(undefined) });
  const remove = useAction(() => removeMeasure(kind, id), { touches, then: () => navigate({ to }) });
  return (
    <Page title={name} crumbs={[{ title, to }]} lead={description} actions={mayEdit && <><Button variant="default" loading={now.isPending} onClick={() => now.mutate(undefined)}>Measure now</Button><Button variant="default" color="red" onClick={() => setAsks(true)}>Delete</Button></>}>
      <Stack gap="lg">
        <Group align="baseline" gap="xs"><Text fz="2rem" fw={650} className="numbers">{value === null ? '—' : count(value)}</Text><Text c="dimmed">{kind === 'segment' ? 'members' : unit}{measuredAt !== null && <> · measured <Instant at={measuredAt} /></>}</Text></Group>
        {error !== null && <Alert color="orange" title="It could not be measured">{error}</Alert>}
        {points.length > 1 && <Suspense fallback={<Loading rows={5} />}><LineChart points={points} name={kind === 'segment' ? 'members' : name} /></Suspense>}
        {kind === 'segment' && mayEdit && value !== null && value > 0 && <Members id={id} />}
        {mayEdit ? <Editor kind={kind} draft={measure} warehouseId={measure.warehouseId} action="Save" busy={save.isPending} save={(draft) => save.mutate(draft)} /> : <pre className="mono wrap-anywhere">{measure.sql}</pre>}
      </Stack>
      <Confirm opened={asks} title={`Delete ${name}?`} action="Delete" busy={remove.isPending} close={() => setAsks(false)} confirm={() => remove.mutate(undefined)}>The {one} and its history go. Nothing in the warehouse is touched.</Confirm>
    </Page>
  );
}

function Members({ id }: { id: string }) {
  const query = useQuery({ queryKey: ['measures', 'segment', id, 'members'], queryFn: () => answer(api.GET('/api/v1/segments/{id}/members', { params: { path: { id } } })) });
  return <Loaded query={query}>{(result) => <RowsTable result={result} label="Members" />}</Loaded>;
}

export interface Draft { readonly name: string; readonly description: string; readonly sql: string; readonly unit: string }

/** What it is called and how it is measured; tried before it is saved. */
function Editor({ kind, draft, warehouseId, action, busy, save }: { kind: Kind; draft: Draft; warehouseId: string; action: string; busy: boolean; save: (draft: Draft) => void }) {
  const [values, setValues] = useState<Draft>({ name: draft.name, description: draft.description, sql: draft.sql, unit: draft.unit });
  const preview = useMutation({ mutationFn: () => previewMeasure(kind, warehouseId, values.sql) });
  const set = (part: Partial<Draft>): void => setValues({ ...values, ...part });
  const changed = (Object.keys(values) as (keyof Draft)[]).some((key) => values[key] !== draft[key]);
  return (
    <form onSubmit={(event) => { event.preventDefault(); save(values); }}>
      <Stack>
        <Group grow><TextInput label="Name" required maxLength={200} value={values.name} onChange={(event) => set({ name: event.currentTarget.value })} />{kind === 'metric' && <TextInput label="Unit" placeholder="%, a day, …" maxLength={30} value={values.unit} onChange={(event) => set({ unit: event.currentTarget.value })} />}</Group>
        <TextInput label="Description" maxLength={2_000} value={values.description} onChange={(event) => set({ description: event.currentTarget.value })} />
        <Textarea label="SQL" description={kind === 'metric' ? 'A row with value, or rows with at and value in order of time' : 'A row a member, with id'} required autosize minRows={5} maxRows={24} spellCheck={false} classNames={{ input: 'mono' }} value={values.sql} onChange={(event) => set({ sql: event.currentTarget.value })} />
        <Group><Button type="submit" loading={busy} disabled={!changed || values.sql.trim() === ''}>{action}</Button><Button variant="default" loading={preview.isPending} disabled={values.sql.trim() === ''} onClick={() => preview.mutate()}>Try it</Button></Group>
        {preview.isError && <Failed error={preview.error} />}
        {preview.data !== undefined && (
          <Stack gap="xs">
            <Text size="sm" role="status">{kind === 'segment' ? `${counted(preview.data.rows.length, 'member')}${preview.data.truncated ? ' and more' : ''}` : `${counted(preview.data.points.length, 'value')}; the newest: ${preview.data.points.length === 0 ? 'none' : count(preview.data.points.at(-1)?.value ?? 0)}`}</Text>
            <RowsTable result={preview.data} label="What the SQL brings" />
          </Stack>
        )}
      </Stack>
    </form>
  );
}

export const NewMetricPage = () => <NewMeasure kind="metric" />;
export const NewSegmentPage = () => <NewMeasure kind="segment" />;

function NewMeasure({ kind }: { kind: Kind }) {
  const { title, to, one, example } = WORDS[kind];
  const navigate = useNavigate();
  const warehouses = useQuery(warehousesQuery);
  const [chosen, setChosen] = useState<string | null>(null);
  const create = useAction((body: Draft & { warehouseId: string }) => createMeasure(kind, body), { touches: [['measures']], then: ({ id }) => navigate({ to: `${to}/${id}` }) });
  return (
    <Page editorsOnly title={`New ${one}`} crumbs={[{ title, to }]}>
      <Loaded query={warehouses}>{(all) => {
        const warehouseId = chosen ?? all[0]?.id;
        if (warehouseId === undefined) return <Alert color="yellow" title="Connect a warehouse first">It is measured in a warehouse.</Alert>;
        return (
          <Stack>
            {all.length > 1 && <Select label="Warehouse" w={320} allowDeselect={false} data={all.map(({ id, name }) => ({ value: id, label: name }))} value={warehouseId} onChange={setChosen} />}
            <Editor kind={kind} draft={{ name: '', description: '', sql: example, unit: '' }} warehouseId={warehouseId} action={`Make the ${one}`} busy={create.isPending} save={(draft) => create.mutate({ ...draft, warehouseId })} />
          </Stack>
        );
      }}</Loaded>
    </Page>
  );
}
