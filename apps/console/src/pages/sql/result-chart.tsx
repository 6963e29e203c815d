import '@mantine/charts/styles.css';
import { BarChart, LineChart } from '@mantine/charts';
import { Text } from '@mantine/core';
import type { Schemas } from '../../api/client';
import { isNumeric } from './columns';

const COLORS = ['cyan.8', 'violet.6', 'teal.7', 'orange.6', 'pink.6', 'indigo.6'];
const POINTS = 200;
/** What says nothing of a day or a second: midnight, UTC. */
const label = (value: string | null): string => (value ?? 'null').replace(/( 00:00:00)?\+00$/, '');

/** The first column that isn't a number along the bottom, every number as a series; days and times make a line. */
export default function ResultChart({ result: { columns, rows } }: { result: Schemas['QueryResultDto'] }) {
  const along = Math.max(0, columns.findIndex(({ type }) => !isNumeric(type)));
  const series = columns.map(({ name, type }, index) => ({ name, type, index })).filter(({ type, index }) => isNumeric(type) && (index !== along || columns.length === 1)).slice(0, COLORS.length);
  const data = rows.slice(0, POINTS).map((row, at) => ({ along: columns.length === 1 ? String(at + 1) : label(row[along] ?? null), ...Object.fromEntries(series.map(({ index }) => [`s${index}`, Number(row[index] ?? 0)])) }));
  const Chart = /^(timestamp|date)/.test(columns[along]?.type ?? '') ? LineChart : BarChart;
  return (
    <>
      <Chart h={320} data={data} dataKey="along" withLegend={series.length > 1} series={series.map(({ name, index }, at) => ({ name: `s${index}`, label: name, color: COLORS[at] ?? 'gray.6' }))} />
      {rows.length > POINTS && <Text size="sm" c="dimmed">The first {POINTS} rows.</Text>}
    </>
  );
}
