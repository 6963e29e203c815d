import { Anchor, Button, Table } from '@mantine/core';
import { IconBuildingWarehouse } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { warehousesQuery } from '../../api/queries';
import { useMay } from '../../api/session';
import { Instant } from '../../parts/instant';
import { Page } from '../../parts/page';
import { Empty, Loaded } from '../../parts/state-view';

/** Where rows go. */
export function WarehousesPage() {
  const query = useQuery(warehousesQuery);
  const mayEdit = useMay('editor');
  const add = mayEdit && <Button component={Link} to="/warehouses/new">Connect a warehouse</Button>;
  return (
    <Page title="Warehouses" actions={add}>
      <Loaded query={query}>{(warehouses) => warehouses.length === 0
        ? <Empty icon={IconBuildingWarehouse} title="No warehouse yet" action={add}>A warehouse is the database that your rows go to. Object collections need one.</Empty>
        : (
          <Table.ScrollContainer minWidth={520}>
            <Table>
              <Table.Thead><Table.Tr><Table.Th>Warehouse</Table.Th><Table.Th>Where</Table.Th><Table.Th>State</Table.Th><Table.Th>Connected</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>{warehouses.map((warehouse) => (
                <Table.Tr key={warehouse.id}>
                  <Table.Td><Anchor component={Link} to={`/warehouses/${warehouse.id}`} fw={600}>{warehouse.name}</Anchor></Table.Td>
                  <Table.Td className="mono wrap-anywhere">{warehouse.location}</Table.Td>
                  <Table.Td>{warehouse.enabled ? 'enabled' : 'disabled'}</Table.Td>
                  <Table.Td><Instant at={warehouse.createdAt} /></Table.Td>
                </Table.Tr>
              ))}</Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}</Loaded>
    </Page>
  );
}
