import { Badge, Group, Pagination, ScrollArea, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { Suspense, lazy, useState } from 'react';
import type { Schemas } from '../../api/client';
import { counted } from '../../parts/numbers';
import { scrollable } from '../../parts/scrollable';
import { Loading } from '../../parts/state-view';
import { isNumeric } from './columns';

const Chart = lazy(() => import('./result-chart'));

const PAGE = 100;
/** Longer values are cut in the table; the export has them whole. */
const SHOWN = 300;

type Result = Schemas['QueryResultDto'];

const cell = (value: string | null, type: string) => (value === null ? <Text span c="dimmed" fs="italic" size="sm">null</Text> : type === 'boolean' ? (value === 't' ? 'true' : 'false') : value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value);

/** What a query answered, as a table in pages or as a chart. */
export function ResultView({ result, isSample = false }: { result: Result; isSample?: boolean }) {
  const [page, setPage] = useState(1);
  const [look, setLook] = useState('table');
  const { columns, rows, truncated, durationMs } = result;
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  const chartable = rows.length > 0 && columns.some(({ type }) => isNumeric(type));
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Group gap="xs"><Text size="sm" role="status">{isSample && truncated ? 'The first ' : ''}{counted(rows.length, 'row')} in {(durationMs / 1_000).toFixed(2)} s</Text>{truncated && !isSample && <Badge color="yellow" variant="light" tt="none">cut at the limit: the export has all</Badge>}</Group>
        {chartable && <SegmentedControl size="xs" aria-label="Shown as" data={[{ value: 'table', label: 'Table' }, { value: 'chart', label: 'Chart' }]} value={look} onChange={setLook} />}
      </Group>
      {look === 'chart' && chartable ? <Suspense fallback={<Loading />}><Chart result={result} /></Suspense> : (
        <ScrollArea.Autosize mah="60vh" type="auto" {...scrollable('Result')}>
          <Table striped stickyHeader aria-label="Result">
            <Table.Thead><Table.Tr>{columns.map(({ name, type }, index) => <Table.Th key={index} ta={isNumeric(type) ? 'right' : 'left'}>{name}<Text span c="dimmed" size="xs" display="block" fw={400}>{type}</Text></Table.Th>)}</Table.Tr></Table.Thead>
            <Table.Tbody>{rows.slice((page - 1) * PAGE, page * PAGE).map((row, index) => (
              <Table.Tr key={index}>{row.map((value, at) => <Table.Td key={at} ta={isNumeric(columns[at]?.type ?? '') ? 'right' : 'left'} maw={420} className="wrap-anywhere">{cell(value, columns[at]?.type ?? '')}</Table.Td>)}</Table.Tr>
            ))}</Table.Tbody>
          </Table>
          {rows.length === 0 && <Text c="dimmed" p="md">The query found no rows.</Text>}
        </ScrollArea.Autosize>
      )}
      {look === 'table' && pages > 1 && <Pagination size="sm" total={pages} value={page} onChange={setPage} getControlProps={(control) => ({ 'aria-label': `${control} page` })} getItemProps={(at) => ({ 'aria-label': `page ${at}` })} />}
    </Stack>
  );
}
