import '@mantine/charts/styles.css';
import { AreaChart } from '@mantine/charts';
import { axis } from '../../parts/axis';
import { count } from '../../parts/numbers';

const words = (at: string): string => new Date(at).toLocaleString(undefined, { dateStyle: 'short', timeStyle: 'short' });

/** How many users each computation found. */
export default function SizeChart({ sizes }: { sizes: readonly { readonly at: string; readonly size: number }[] }) {
  return <AreaChart h={180} curveType="stepAfter" withDots={sizes.length < 30} data={sizes.map(({ at, size }) => ({ at: words(at), size }))} dataKey="at" valueFormatter={count} yAxisProps={axis(sizes.map(({ size }) => size), true)} series={[{ name: 'size', label: 'users', color: 'cyan.8' }]} />;
}
