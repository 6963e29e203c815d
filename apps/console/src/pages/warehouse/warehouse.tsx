import { Badge, Button, Stack, Tabs } from '@mantine/core';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { Outlet, useLocation, useNavigate, useParams } from '@tanstack/react-router';
import { answer, api, type Schemas } from '../../api/client';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Page } from '../../parts/page';
import { Loaded } from '../../parts/state-view';
import { TestResult } from './test-result';

type Warehouse = Schemas['WarehouseDto'];

export const warehouseQuery = (id: string) => queryOptions({ queryKey: ['warehouse', id], queryFn: () => answer(api.GET('/api/v1/warehouses/{id}', { params: { path: { id } } })) });

const TABS = [['tables', 'Tables'], ['sql', 'SQL'], ['settings', 'Settings']] as const;

/** One warehouse: whether it works, and its parts as pages of their own. */
export function WarehousePage() {
  const { warehouseId } = useParams({ from: '/shell/warehouses/$warehouseId' });
  const query = useQuery(warehouseQuery(warehouseId));
  return <Loaded query={query}>{(warehouse) => <Frame warehouse={warehouse} />}</Loaded>;
}

function Frame({ warehouse }: { warehouse: Warehouse }) {
  const mayEdit = useMay('editor');
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const params = { path: { id: warehouse.id } };
  const base = `/warehouses/${warehouse.id}`;
  const current = TABS.find(([path]) => pathname.startsWith(`${base}/${path}`))?.[0] ?? 'tables';
  const touches = [['warehouse', warehouse.id], ['warehouses']];
  const test = useAction(() => answer(api.POST('/api/v1/warehouses/{id}/test', { params })), { touches: [] });
  const enable = useAction((enabled: boolean) => answer(api.PATCH('/api/v1/warehouses/{id}', { params, body: { enabled } })), { touches, says: 'Saved.' });
  return (
    <Page
      title={warehouse.name} crumbs={[{ title: 'Warehouses', to: '/warehouses' }]} badge={<Badge variant="light" tt="none" color={warehouse.enabled ? 'teal' : 'gray'}>{warehouse.enabled ? 'enabled' : 'disabled'}</Badge>}
      lead={<span className="mono">{warehouse.location}</span>}
      actions={mayEdit && <>
        <Button variant="default" loading={test.isPending} onClick={() => test.mutate(undefined)}>Test</Button>
        <Button variant="default" loading={enable.isPending} onClick={() => enable.mutate(!warehouse.enabled)}>{warehouse.enabled ? 'Disable' : 'Enable'}</Button>
      </>}
    >
      <Stack>
        {test.data !== undefined && <TestResult result={test.data} />}
        <Tabs value={current} onChange={(tab) => void navigate({ to: tab === null || tab === 'tables' ? base : `${base}/${tab}` })} keepMounted={false}>
          <Tabs.List>{TABS.map(([path, title]) => <Tabs.Tab key={path} value={path}>{title}</Tabs.Tab>)}</Tabs.List>
          <Tabs.Panel value={current} pt="lg"><Outlet /></Tabs.Panel>
        </Tabs>
      </Stack>
    </Page>
  );
}
