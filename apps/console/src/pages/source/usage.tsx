import { Alert, Button, Group, NumberInput, Progress, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { sourceQuery } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Instant } from '../../parts/instant';
import { Notices } from '../../parts/notices';
import { count, counted } from '../../parts/numbers';
import { Loaded, Loading } from '../../parts/state-view';
import type { Source } from './source';

const DayChart = lazy(() => import('../../parts/day-chart'));

type Usage = Schemas['UsageListDto'];
type Forecast = Schemas['ForecastDto'];

const DAYS = 30;

/** Calls a day by collection, against the partner's limit and the budget, and what is to come. */
export function UsageTab() {
  const { sourceId } = useParams({ from: '/shell/sources/$sourceId' });
  const params = { path: { id: sourceId } };
  const usage = useQuery({ queryKey: ['source', sourceId, 'usage'], queryFn: () => answer(api.GET('/api/v1/sources/{id}/usage', { params })) });
  const forecast = useQuery({ queryKey: ['source', sourceId, 'forecast'], queryFn: () => answer(api.GET('/api/v1/sources/{id}/forecast', { params })) });
  const source = useQuery(sourceQuery(sourceId));
  return (
    <Loaded query={usage} rows={8}>{(data) => (
      <Stack gap="lg">
        <Figures usage={data} forecast={forecast.data} />
        {forecast.data !== undefined && <Notices notices={forecast.data.warnings} />}
        {data.data.length === 0
          ? <Alert variant="light" title="No call yet">Every call to the partner is counted here, by collection and day.</Alert>
          : <Suspense fallback={<Loading rows={6} />}><DayChart values={data.data.map(({ day, collection, calls }) => ({ day, name: collection, value: calls }))} lines={linesOf(data, forecast.data)} /></Suspense>}
        {source.data !== undefined && <Budget key={`${String(source.data.dailyCallBudget)} ${source.data.partnerReservePercent}`} source={source.data} />}
        {forecast.data !== undefined && <ByCollection usage={data} forecast={forecast.data} />}
      </Stack>
    )}</Loaded>
  );
}

const linesOf = ({ limitPerDay, budget }: Usage, forecast: Forecast | undefined) => [
  ...(limitPerDay === null ? [] : [{ at: limitPerDay, label: 'the partner\'s limit', color: 'red.7' }]),
  ...(budget === null ? [] : [{ at: budget.perDay, label: 'the budget', color: 'orange.7' }]),
  ...(forecast === undefined ? [] : [{ at: forecast.callsPerDay, label: 'forecast a day', color: 'gray.6' }]),
];

function Figure({ title, value, children }: { title: string; value: string; children?: ReactNode }) {
  return <Stack gap={2}><Text size="sm" c="dimmed">{title}</Text><Text fz="1.4rem" fw={650} className="numbers">{value}</Text>{children}</Stack>;
}

function Figures({ usage, forecast }: { usage: Usage; forecast: Forecast | undefined }) {
  const limit = usage.budget?.perDay ?? usage.limitPerDay;
  const [told] = usage.partner.limits;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
      <Figure title="Calls today (UTC)" value={count(usage.today.calls)}>
        {limit !== null && <><Progress size="sm" value={100 * usage.today.calls / limit} aria-label="Of today's calls" /><Text size="xs" c="dimmed">of {count(limit)} {usage.budget === null ? 'the partner allows' : 'in the budget'}, anew <Instant at={usage.today.resetsAt} /></Text></>}
      </Figure>
      <Figure title={`Last ${DAYS} days`} value={count(usage.total)} />
      <Figure title="Forecast a day" value={forecast === undefined ? '…' : count(forecast.callsPerDay)}>
        {forecast !== undefined && <Text size="xs" c="dimmed">{counted(forecast.runsPerDay, 'sync')} a day of about {counted(Math.round(forecast.callsPerSync), 'call')}{forecast.limits.map(({ kind, percent }) => percent !== null && `; ${percent} % of ${kind === 'budget' ? 'the budget' : 'what the partner leaves'}`)}</Text>}
      </Figure>
      <Figure title="The partner's limit a day" value={usage.limitPerDay === null ? 'none' : count(usage.limitPerDay)}>
        {told !== undefined && <Text size="xs" c="dimmed">{count(told.used)} of {count(told.limit)} used by all its users, read <Instant at={told.readAt} /></Text>}
        {usage.partner.sources.length > 1 && <Text size="xs" c="dimmed">shared by {usage.partner.sources.join(', ')}</Text>}
      </Figure>
    </SimpleGrid>
  );
}

/** How many calls the source may make, and how much of the partner's own limit it leaves to others. */
function Budget({ source }: { source: Source }) {
  const mayEdit = useMay('editor');
  const [budget, setBudget] = useState<number | ''>(source.dailyCallBudget ?? '');
  const [reserve, setReserve] = useState<number | ''>(source.partnerReservePercent);
  const save = useAction(() => answer(api.PATCH('/api/v1/sources/{id}', { params: { path: { id: source.id } }, body: { dailyCallBudget: budget === '' ? null : budget, partnerReservePercent: reserve === '' ? 0 : reserve } })), {
    touches: [['source', source.id], ['sources']], says: 'Saved. A run that waits for calls tries again at once.',
  });
  const changed = budget !== (source.dailyCallBudget ?? '') || reserve !== source.partnerReservePercent;
  const read = (value: number | string): number | '' => (typeof value === 'number' ? value : '');
  return (
    <form onSubmit={(event) => { event.preventDefault(); save.mutate(undefined); }}>
      <Stack gap="xs">
        <div><Title order={2}>Budget</Title><Text size="sm" c="dimmed">When it is used up, syncs wait for the next day (UTC) and go on where they stopped. They don't fail.</Text></div>
        <Group align="flex-end">
          <NumberInput label="Calls a day" placeholder="any number" description="Empty: no budget" min={1} max={100_000_000} allowDecimal={false} thousandSeparator="," w={200} disabled={!mayEdit} value={budget} onChange={(value) => setBudget(read(value))} />
          <NumberInput label="Left to the partner's other users" description="Percent of its daily limit" min={0} max={99} suffix=" %" allowDecimal={false} w={230} disabled={!mayEdit} value={reserve} onChange={(value) => setReserve(read(value))} />
          {mayEdit && <Button type="submit" variant="default" disabled={!changed} loading={save.isPending}>Save</Button>}
        </Group>
      </Stack>
    </form>
  );
}

/** What each collection cost, and will. */
function ByCollection({ usage, forecast }: { usage: Usage; forecast: Forecast }) {
  const used = new Map(usage.byCollection.map(({ collection, calls }) => [collection, calls]));
  const rows = forecast.collections.filter(({ collection, callsPerDay }) => callsPerDay > 0 || used.has(collection)).map((one) => ({ ...one, calls: used.get(one.collection) ?? 0 }));
  const others = usage.byCollection.filter(({ collection }) => !forecast.collections.some((one) => one.collection === collection)).map(({ collection, calls }) => ({ collection, calls }));
  return (
    <Table.ScrollContainer minWidth={560}><Table>
      <Table.Thead><Table.Tr><Table.Th>Collection</Table.Th><Table.Th ta="right">Calls, {DAYS} days</Table.Th><Table.Th ta="right">Calls a sync</Table.Th><Table.Th ta="right">Reads a day</Table.Th><Table.Th ta="right">Forecast a day</Table.Th></Table.Tr></Table.Thead>
      <Table.Tbody>
        {rows.sort((a, b) => b.calls - a.calls || b.callsPerDay - a.callsPerDay).map((row) => (
          <Table.Tr key={row.collection}>
            <Table.Td>{row.collection}{row.readFor.length > 0 && <Text size="xs" c="dimmed">also brings {row.readFor.slice(0, 4).join(', ')}{row.readFor.length > 4 && ` and ${row.readFor.length - 4} more`}</Text>}</Table.Td>
            <Table.Td ta="right">{count(row.calls)}</Table.Td>
            <Table.Td ta="right">{row.isLeast && 'at least '}{Math.round(10 * row.callsPerSync) / 10}<Text span size="xs" c="dimmed"> {row.basis}</Text></Table.Td>
            <Table.Td ta="right">{Math.round(10 * row.readsPerDay) / 10}</Table.Td><Table.Td ta="right">{count(Math.round(row.callsPerDay))}</Table.Td>
          </Table.Tr>
        ))}
        {others.map(({ collection, calls }) => <Table.Tr key={collection}><Table.Td>{collection}</Table.Td><Table.Td ta="right">{count(calls)}</Table.Td><Table.Td ta="right">—</Table.Td><Table.Td ta="right">—</Table.Td><Table.Td ta="right">—</Table.Td></Table.Tr>)}
      </Table.Tbody>
    </Table></Table.ScrollContainer>
  );
}
