import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';
import { Box, Group, Text } from '@mantine/core';
import { axis } from './axis';
import { count } from './numbers';

const COLORS = ['cyan.8', 'violet.6', 'teal.7', 'orange.6', 'pink.6', 'indigo.6', 'lime.8', 'yellow.8'];
const OTHERS = 'gray.5';
const MOST = COLORS.length;
const DAY_MS = 86_400_000;
/** A line that far above the highest bar would press all of them flat: it is told in words. */
const FAR = 12;

export interface DayValue { readonly day: string; readonly name: string; readonly value: number }
export interface DayLine { readonly at: number; readonly label: string; readonly color: string }

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
/** Every day from `from` to `to`, as `YYYY-MM-DD`. */
const daysBetween = (from: string, to: string): string[] => Array.from({ length: Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1 }, (_, index) => dayOf(Date.parse(from) + index * DAY_MS));

/** Values a day (UTC) until today, stacked by name; the names that have most have colours of their own. At least a week, days without a value too. */
export default function DayChart({ values, lines = [] }: { values: readonly DayValue[]; lines?: readonly DayLine[] }) {
  const to = dayOf(Date.now());
  const from = values.reduce((first, { day }) => (day < first ? day : first), dayOf(Date.now() - 6 * DAY_MS));
  const totals = new Map<string, number>();
  for (const { name, value } of values) totals.set(name, (totals.get(name) ?? 0) + value);
  const ranked = [...totals].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const named = new Set(ranked.length > MOST ? ranked.slice(0, MOST - 1) : ranked);
  const days = new Map<string, Record<string, number>>(daysBetween(from, to).map((day) => [day, {}]));
  for (const { day, name, value } of values) {
    const bar = days.get(day);
    if (bar === undefined) continue;
    const shown = named.has(name) ? name : 'others';
    bar[shown] = (bar[shown] ?? 0) + value;
  }
  const highest = Math.max(1, ...[...days.values()].map((bar) => Object.values(bar).reduce((sum, value) => sum + value, 0)));
  const near = lines.filter(({ at }) => at <= highest * FAR);
  const far = lines.filter(({ at }) => at > highest * FAR);
  const series = [...[...named].map((name, index) => ({ name, color: COLORS[index] ?? OTHERS })), ...(ranked.length > MOST ? [{ name: 'others', color: OTHERS }] : [])];
  const label = (day: string): string => new Date(day).toLocaleDateString(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
  return (
    <>
      <BarChart
        h={280} type="stacked" dataKey="day" withLegend series={series} data={[...days].map(([day, bar]) => ({ day: label(day), ...bar }))} valueFormatter={count}
        yAxisProps={axis([highest, ...near.map(({ at }) => at)], true)} barProps={{ maxBarSize: 40, isAnimationActive: false }}
        referenceLines={near.map(({ at, color }) => ({ y: at, color }))}
      />
      {near.length > 0 && <Group gap="md" justify="flex-end">{near.map(({ at, label: words, color }) => <Group key={words} gap={6}><Box w={18} h={2} bg={color} aria-hidden /><Text size="sm">{words}: {count(at)}</Text></Group>)}</Group>}
      {far.map(({ at, label: words }) => <Text key={words} size="sm" c="dimmed">Far above this chart: {words}, {count(at)}.</Text>)}
    </>
  );
}
