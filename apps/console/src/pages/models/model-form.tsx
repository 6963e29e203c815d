import { Alert, Button, Group, Select, Stack, Text, TextInput, Textarea } from '@mantine/core';
import { IconEye } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiProblem, problemOf } from '../../api/client';
import { warehousesQuery } from '../../api/queries';
import { counted } from '../../parts/numbers';
import { Failed, Loaded } from '../../parts/state-view';
import { ResultView } from '../sql/result-view';
import { SqlEditor } from '../sql/sql-editor';
import { INTERVALS, type Kind } from './kinds';

export interface ModelValues { readonly name: string; readonly description: string; readonly statement: string; readonly intervalMinutes: number | null; readonly warehouseId: string }

interface Props {
  readonly kind: Kind;
  readonly initial: ModelValues;
  /** A model that is there stays in its warehouse. */
  readonly isNew: boolean;
  readonly busy: boolean;
  readonly error: unknown;
  readonly action: string;
  readonly save: (values: ModelValues) => void;
}

/** The query, what it finds now, and how often it is asked. */
export function ModelForm(props: Props) {
  const query = useQuery(warehousesQuery);
  return <Loaded query={query}>{(warehouses) => {
    const enabled = warehouses.filter((warehouse) => warehouse.enabled);
    const [first] = enabled;
    if (first === undefined) return <Alert color="yellow" title="There is no enabled warehouse">{props.kind.title} are found in a warehouse. Connect one first.</Alert>;
    return <Form {...props} warehouses={enabled} initial={props.initial.warehouseId === '' ? { ...props.initial, warehouseId: first.id } : props.initial} />;
  }}</Loaded>;
}

function Form({ kind, initial, isNew, busy, error, action, save, warehouses }: Props & { warehouses: readonly { readonly id: string; readonly name: string }[] }) {
  const [values, setValues] = useState(initial);
  const set = (change: Partial<ModelValues>): void => setValues((before) => ({ ...before, ...change }));
  const preview = useMutation({ mutationFn: () => kind.preview({ warehouseId: values.warehouseId, statement: values.statement }) });
  const wrong = preview.error ?? error;
  const field = (name: string): string | undefined => (error instanceof ApiProblem ? error.field(name) : undefined);
  const interval = INTERVALS.some(({ value }) => value === String(values.intervalMinutes)) || values.intervalMinutes === null ? INTERVALS : [...INTERVALS, { value: String(values.intervalMinutes), label: `every ${values.intervalMinutes} minutes` }];
  return (
    <form onSubmit={(event) => { event.preventDefault(); save(values); }}>
      <Stack>
        <Group align="flex-start" grow preventGrowOverflow={false} wrap="wrap">
          <TextInput label="Name" required miw={220} maxLength={200} value={values.name} error={field('name')} onChange={(event) => set({ name: event.currentTarget.value })} />
          <Select label="Computed" miw={220} allowDeselect={false} data={interval} value={values.intervalMinutes === null ? 'never' : String(values.intervalMinutes)} onChange={(value) => set({ intervalMinutes: value === 'never' ? null : Number(value) })} />
          {isNew && warehouses.length > 1 && <Select label="Warehouse" miw={220} allowDeselect={false} data={warehouses.map(({ id, name }) => ({ value: id, label: name }))} value={values.warehouseId} onChange={(id) => set({ warehouseId: id ?? values.warehouseId })} />}
        </Group>
        <Textarea label="Description" autosize minRows={1} maxLength={2_000} value={values.description} onChange={(event) => set({ description: event.currentTarget.value })} />
        <div>
          <Text fw={500} size="sm" mb={4}>Query</Text>
          <SqlEditor key={values.warehouseId} label="Query" hint={kind.hint} warehouseId={values.warehouseId} value={values.statement} onChange={(statement) => set({ statement })} onRun={() => preview.mutate()} wrongAt={wrong === null || wrong === undefined ? undefined : problemOf(wrong).position} />
          <Text size="sm" c="dimmed" mt={4}>{kind.what}</Text>
        </div>
        <Group>
          <Button type="submit" loading={busy} disabled={values.name.trim() === '' || values.statement.trim() === ''}>{action}</Button>
          <Button variant="default" leftSection={<IconEye size={16} />} loading={preview.isPending} disabled={values.statement.trim() === ''} onClick={() => preview.mutate()}>Preview</Button>
        </Group>
        {field('statement') !== undefined && <Alert color="red" role="alert">{field('statement')}</Alert>}
        {error !== undefined && error !== null && field('statement') === undefined && <Failed error={error} />}
        {preview.isError && <Failed error={preview.error} />}
        {preview.data !== undefined && <Stack gap="xs"><Text fw={600} role="status">It finds {counted(preview.data.users, 'user')} now.</Text><ResultView key={preview.data.sample.id} result={preview.data.sample} isSample /></Stack>}
      </Stack>
    </form>
  );
}
