import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';
import { Table } from '@mantine/core';
import type { Schemas } from '../../api/client';
import { count } from '../../parts/numbers';

const COLORS = ['cyan.8', 'violet.6', 'teal.7', 'orange.6', 'pink.6', 'indigo.6', 'lime.8', 'grape.6'];
const MOST = 8;

/** The collections that call most have colours of their own; the table says the same in numbers. */
export default function UsageChart({ usage }: { usage: Schemas['UsageListDto'] }) {
  const totals = new Map<string, number>();
  for (const { collection, calls } of usage.data) totals.set(collection, (totals.get(collection) ?? 0) + calls);
  const ranked = [...totals].sort(([, a], [, b]) => b - a);
  const named = new Set(ranked.slice(0, MOST - 1).map(([collection]) => collection));
  const days = new Map<string, Record<string, number>>();
  for (const { day, collection, calls } of usage.data) {
    const bar = days.get(day) ?? {};
    const name = named.has(collection) ? collection : 'others';
    bar[name] = (bar[name] ?? 0) + calls;
    days.set(day, bar);
  }
  const series = [...named, ...(ranked.length >= MOST ? ['others'] : [])].map((name, index) => ({ name, color: COLORS[index] ?? 'gray.6' }));
  const limits = usage.limitPerDay === null ? {} : { referenceLines: [{ y: usage.limitPerDay, label: 'the partner\'s limit', color: 'red.7' }] };
  return (
    <>
      <BarChart h={280} type="stacked" dataKey="day" withLegend series={series} data={[...days].sort(([a], [b]) => (a < b ? -1 : 1)).map(([day, bar]) => ({ day, ...bar }))} {...limits} />
      <Table maw={480}>
        <Table.Thead><Table.Tr><Table.Th>Collection</Table.Th><Table.Th ta="right">Calls</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>{ranked.map(([collection, calls]) => <Table.Tr key={collection}><Table.Td>{collection}</Table.Td><Table.Td ta="right">{count(calls)}</Table.Td></Table.Tr>)}</Table.Tbody>
      </Table>
    </>
  );
}
