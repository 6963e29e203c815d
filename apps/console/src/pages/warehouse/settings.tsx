import { Button, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Confirm } from '../../parts/confirm';
import { Loaded } from '../../parts/state-view';
import { SqlLogin } from './sql-login';
import { warehouseQuery } from './warehouse';

type Warehouse = Schemas['WarehouseDto'];

/** A warehouse's login for SQL, when it is busy, and its end. */
export function WarehouseSettingsTab() {
  const { warehouseId } = useParams({ from: '/shell/warehouses/$warehouseId/settings' });
  const query = useQuery(warehouseQuery(warehouseId));
  return <Loaded query={query}>{(warehouse) => <Settings key={JSON.stringify([warehouse.busyHours, warehouse.readerUser])} warehouse={warehouse} />}</Loaded>;
}

function Settings({ warehouse }: { warehouse: Warehouse }) {
  const mayEdit = useMay('editor');
  const navigate = useNavigate();
  const [asks, setAsks] = useState(false);
  const remove = useAction(() => answer(api.DELETE('/api/v1/warehouses/{id}', { params: { path: { id: warehouse.id } } })), { touches: [['warehouses']], then: () => navigate({ to: '/warehouses' }) });
  return (
    <Stack gap="xl" maw={640}>
      <SqlLogin warehouse={warehouse} mayEdit={mayEdit} />
      <BusyHours warehouse={warehouse} mayEdit={mayEdit} />
      {mayEdit && <Stack><Title order={2}>Disconnect</Title><Group><Button color="red" variant="light" onClick={() => setAsks(true)}>Disconnect this warehouse</Button></Group></Stack>}
      <Confirm opened={asks} title={`Disconnect ${warehouse.name}?`} action="Disconnect" busy={remove.isPending} close={() => setAsks(false)} confirm={() => remove.mutate(undefined)}>Nothing is loaded into it any more. Its tables stay.</Confirm>
    </Stack>
  );
}

function BusyHours({ warehouse, mayEdit }: { warehouse: Warehouse; mayEdit: boolean }) {
  const [from, setFrom] = useState(warehouse.busyHours[0]?.from ?? '');
  const [to, setTo] = useState(warehouse.busyHours[0]?.to ?? '');
  const save = useAction((busyHours: Warehouse['busyHours']) => answer(api.PATCH('/api/v1/warehouses/{id}', { params: { path: { id: warehouse.id } }, body: { busyHours } })), { touches: [['warehouse', warehouse.id], ['warehouses'], ['schedule']], says: 'Saved.' });
  return (
    <form onSubmit={(event) => { event.preventDefault(); save.mutate([{ from, to }, ...warehouse.busyHours.slice(1)]); }}>
      <Stack>
        <div><Title order={2}>Busy hours</Title><Text size="sm" c="dimmed">When analysts need it most, in the workspace's time zone. Suggested times keep away from them.</Text></div>
        <Group align="flex-end">
          <TextInput type="time" label="From" required disabled={!mayEdit} value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
          <TextInput type="time" label="To" required disabled={!mayEdit} value={to} onChange={(event) => setTo(event.currentTarget.value)} />
          {mayEdit && <><Button type="submit" variant="default" loading={save.isPending}>Save</Button>{warehouse.busyHours.length > 0 && <Button variant="subtle" onClick={() => save.mutate([])}>None</Button>}</>}
        </Group>
      </Stack>
    </form>
  );
}
