import { Tabs } from '@mantine/core';
import { Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { Page } from '../../parts/page';

/** The first has the settings' own address. */
const TABS = [['workspace', 'Workspace'], ['members', 'Members'], ['api-keys', 'API keys'], ['audit-log', 'Audit log'], ['account', 'Your account']] as const;

/** Settings: of the workspace, and of one's own account. */
export function SettingsPage() {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const current = TABS.find(([path]) => pathname.startsWith(`/settings/${path}`))?.[0] ?? 'workspace';
  return (
    <Page title="Settings">
      <Tabs value={current} onChange={(tab) => void navigate({ to: tab === 'workspace' || tab === null ? '/settings' : `/settings/${tab}` })} keepMounted={false}>
        <Tabs.List>{TABS.map(([path, title]) => <Tabs.Tab key={path} value={path}>{title}</Tabs.Tab>)}</Tabs.List>
        <Tabs.Panel value={current} pt="lg"><Outlet /></Tabs.Panel>
      </Tabs>
    </Page>
  );
}
