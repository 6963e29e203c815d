import { ScrollArea, Table, Text } from '@mantine/core';

interface Rows { readonly columns: readonly { readonly name: string; readonly type: string }[]; readonly rows: readonly (readonly (string | null)[])[]; readonly truncated: boolean }

/** Rows as the database writes them. */
export const RowsTable = ({ result: { columns, rows, truncated }, label }: { result: Rows; label: string }) => (
  <>
    <ScrollArea.Autosize mah={420} type="auto" viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': label }}>
      <Table fz="sm" stickyHeader>
        <Table.Thead><Table.Tr>{columns.map(({ name, type }, index) => <Table.Th key={index}>{name} <Text span size="xs" c="dimmed" fw={400}>{type}</Text></Table.Th>)}</Table.Tr></Table.Thead>
        <Table.Tbody>{rows.map((row, index) => <Table.Tr key={index}>{row.map((cell, place) => <Table.Td key={place} className="wrap-anywhere">{cell ?? <Text span size="xs" c="dimmed">null</Text>}</Table.Td>)}</Table.Tr>)}</Table.Tbody>
      </Table>
    </ScrollArea.Autosize>
    {truncated && <Text size="sm" c="dimmed">There are more.</Text>}
  </>
);
