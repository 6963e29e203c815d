import '@mantine/charts/styles.css';
import { AreaChart } from '@mantine/charts';
import { axis } from './axis';
import { count } from './numbers';

/** A value over time. */
export default function LineChart({ points, name }: { points: readonly { readonly at: string; readonly value: number }[]; name: string }) {
  const label = (at: string): string => new Date(at).toLocaleString(undefined, { day: 'numeric', month: 'short', ...(!at.includes('T00:00:00') && { hour: '2-digit', minute: '2-digit' }) });
  return <AreaChart h={260} dataKey="at" data={points.map(({ at, value }) => ({ at: label(at), [name]: value }))} series={[{ name, color: 'cyan.8' }]} curveType="linear" withDots={points.length < 40} valueFormatter={count} yAxisProps={axis(points.map(({ value }) => value))} areaProps={{ isAnimationActive: false }} />;
}
