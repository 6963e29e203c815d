import { Accordion, Badge, Group, Stack, Table, Text, Title } from '@mantine/core';
import { IconTable } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { api, whole, type Schemas } from '../../api/client';
import { tablesQuery } from '../../api/queries';
import { Instant } from '../../parts/instant';
import { counted } from '../../parts/numbers';
import { scrollable } from '../../parts/scrollable';
import { Empty, Loaded } from '../../parts/state-view';

type Info = Schemas['WarehouseTableDto'];

/** What is in the warehouse: each table with its rows, its freshness and its columns, and what loading changed in them. */
export function TablesTab() {
  const { warehouseId } = useParams({ from: '/shell/warehouses/$warehouseId/' });
  const query = useQuery(tablesQuery(warehouseId));
  return <Loaded query={query}>{(tables) => (tables.length === 0
    ? <Empty icon={IconTable} title="No tables yet">They are made when the first records of a source arrive.</Empty>
    : <Stack gap="xl"><TableList tables={tables} /><Changes warehouseId={warehouseId} /></Stack>)}</Loaded>;
}

function TableList({ tables }: { tables: readonly Info[] }) {
  return (
    <Stack>{[...new Set(tables.map(({ schema }) => schema))].map((schema) => (
      <section key={schema}>
        <Title order={2} mb="xs" className="wrap-anywhere">{schema}</Title>
        <Accordion variant="separated" chevronPosition="left">{tables.filter((table) => table.schema === schema).map(({ name, kind, rows, estimated, loadedAt, columns }) => (
          <Accordion.Item key={name} value={name}>
            <Accordion.Control><Group justify="space-between" wrap="wrap" pr="sm">
              <Group gap="xs"><Text fw={600} className="wrap-anywhere">{name}</Text>{kind === 'view' && <Badge variant="light" color="gray" tt="none">view</Badge>}</Group>
              <Text size="sm" c="dimmed">{rows !== null && `${estimated ? 'about ' : ''}${counted(rows, 'row')}`}{loadedAt !== null && <> · loaded <Instant at={loadedAt} /></>}</Text>
            </Group></Accordion.Control>
            <Accordion.Panel>
              <Table aria-label={`Columns of ${name}`}><Table.Tbody>{columns.map((column) => <Table.Tr key={column.name}><Table.Td className="mono wrap-anywhere">{column.name}</Table.Td><Table.Td c="dimmed">{column.type}</Table.Td></Table.Tr>)}</Table.Tbody></Table>
            </Accordion.Panel>
          </Accordion.Item>
        ))}</Accordion>
      </section>
    ))}</Stack>
  );
}

const SHOWN = 50;

function Changes({ warehouseId }: { warehouseId: string }) {
  const query = useQuery({ queryKey: ['warehouse', warehouseId, 'schema-changes'], queryFn: () => whole((query) => api.GET('/api/v1/warehouses/{id}/schema-changes', { params: { path: { id: warehouseId }, query } })) });
  return (
    <section>
      <Title order={2}>Changes of tables</Title>
      <Text size="sm" c="dimmed" mb="sm">What loading created, added and widened, newest first. Nothing is ever dropped.</Text>
      <Loaded query={query}>{(changes) => (
        <Table.ScrollContainer minWidth={480} scrollAreaProps={scrollable('Changes of tables')}><Table>
          <Table.Thead><Table.Tr><Table.Th>When</Table.Th><Table.Th>Table</Table.Th><Table.Th>What</Table.Th><Table.Th>Column</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{changes.slice(0, SHOWN).map(({ at, schema, table, change, column, detail }, index) => (
            <Table.Tr key={index}><Table.Td><Instant at={at} /></Table.Td><Table.Td className="wrap-anywhere">{schema}.{table}</Table.Td><Table.Td>{change}</Table.Td><Table.Td className="wrap-anywhere">{column}{detail !== null && <Text span c="dimmed" size="sm"> {detail}</Text>}</Table.Td></Table.Tr>
          ))}</Table.Tbody>
        </Table></Table.ScrollContainer>
      )}</Loaded>
    </section>
  );
}
