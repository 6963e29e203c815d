import { Alert, Badge, Button, Group, List, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Confirm } from '../../parts/confirm';
import { Page } from '../../parts/page';
import { Loaded } from '../../parts/state-view';

type Warehouse = Schemas['WarehouseDto'];

/** One warehouse: whether it works, when it is busy, its end. */
export function WarehousePage() {
  const { warehouseId } = useParams({ from: '/shell/warehouses/$warehouseId' });
  const query = useQuery({ queryKey: ['warehouse', warehouseId], queryFn: () => answer(api.GET('/api/v1/warehouses/{id}', { params: { path: { id: warehouseId } } })) });
  return <Loaded query={query}>{(warehouse) => <Details key={JSON.stringify(warehouse.busyHours)} warehouse={warehouse} />}</Loaded>;
}

function Details({ warehouse }: { warehouse: Warehouse }) {
  const mayEdit = useMay('editor');
  const navigate = useNavigate();
  const [asks, setAsks] = useState(false);
  const params = { path: { id: warehouse.id } };
  const touches = [['warehouse', warehouse.id], ['warehouses']];
  const test = useAction(() => answer(api.POST('/api/v1/warehouses/{id}/test', { params })), { touches: [] });
  const enable = useAction((enabled: boolean) => answer(api.PATCH('/api/v1/warehouses/{id}', { params, body: { enabled } })), { touches, says: 'Saved.' });
  const remove = useAction(() => answer(api.DELETE('/api/v1/warehouses/{id}', { params })), { touches: [['warehouses']], then: () => navigate({ to: '/warehouses' }) });
  return (
    <Page
      title={warehouse.name} crumbs={[{ title: 'Warehouses', to: '/warehouses' }]} badge={<Badge variant="light" tt="none" color={warehouse.enabled ? 'teal' : 'gray'}>{warehouse.enabled ? 'enabled' : 'disabled'}</Badge>}
      lead={<span className="mono">{warehouse.location}</span>}
      actions={mayEdit && <>
        <Button variant="default" loading={test.isPending} onClick={() => test.mutate(undefined)}>Test</Button>
        <Button variant="default" loading={enable.isPending} onClick={() => enable.mutate(!warehouse.enabled)}>{warehouse.enabled ? 'Disable' : 'Enable'}</Button>
      </>}
    >
      <Stack gap="xl" maw={640}>
        {test.data?.ok === true && <Alert color="teal" title="It works">Every privilege that loading needs is there.</Alert>}
        {test.data?.ok === false && <Alert color="red" title="Something is missing"><List size="sm">{test.data.problems.map(({ problem, remedy }) => <List.Item key={problem}>{problem}{remedy !== undefined && <Text size="sm" className="mono">{remedy}</Text>}</List.Item>)}</List></Alert>}
        <BusyHours warehouse={warehouse} mayEdit={mayEdit} />
        {mayEdit && <Stack><Title order={2}>Disconnect</Title><Group><Button color="red" variant="light" onClick={() => setAsks(true)}>Disconnect this warehouse</Button></Group></Stack>}
      </Stack>
      <Confirm opened={asks} title={`Disconnect ${warehouse.name}?`} action="Disconnect" busy={remove.isPending} close={() => setAsks(false)} confirm={() => remove.mutate(undefined)}>Nothing is loaded into it any more. Its tables stay.</Confirm>
    </Page>
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
