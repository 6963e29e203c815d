import { ActionIcon, AppShell, Burger, Group, Menu, NavLink, ScrollArea, Text, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconLogout, IconMoon, IconSun, IconUserCircle } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { answer, api } from '../api/client';
import { useLive } from '../api/live';
import { sessionQuery } from '../api/session';
import { failed } from '../parts/notify';
import { Failed } from '../parts/state-view';
import { PLACES } from './navigation';
import { WorkspaceMenu } from './workspace-menu';

function ColorScheme() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark';
  return <ActionIcon variant="subtle" color="gray" size="lg" aria-label={dark ? 'Light colours' : 'Dark colours'} onClick={() => setColorScheme(dark ? 'light' : 'dark')}>{dark ? <IconSun size={20} /> : <IconMoon size={20} />}</ActionIcon>;
}

function AccountMenu() {
  const { data } = useQuery(sessionQuery);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const signOut = async (): Promise<void> => {
    try { await answer(api.DELETE('/api/v1/session')); } catch (error) { return failed(error); }
    queries.clear();
    await navigate({ to: '/sign-in' });
  };
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target><ActionIcon variant="subtle" color="gray" size="lg" aria-label="Account"><IconUserCircle size={22} /></ActionIcon></Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{data?.email ?? 'API key'} · {data?.role}</Menu.Label>
        <Menu.Label>{data?.workspace.name}</Menu.Label>
        <Menu.Item component={Link} to="/settings/account" leftSection={<IconUserCircle size={16} />}>Your account</Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** What stands around every page of someone who is signed in. */
export function Shell() {
  const [open, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  const session = useQuery(sessionQuery);
  useLive();
  return (
    <AppShell header={{ height: 52 }} navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !open } }} padding="lg">
      <a href="#main" className="skip">Skip to the content</a>
      <AppShell.Header px="md">
        <Group h="100%" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={open ? 'Close the navigation' : 'Open the navigation'} />
            <img src="/icon.svg" alt="" width={26} height={26} />
            <Text fw={650} visibleFrom="sm" style={{ whiteSpace: 'nowrap' }}>Cloud sources</Text>
            <WorkspaceMenu />
          </Group>
          <Group gap={4} wrap="nowrap"><ColorScheme /><AccountMenu /></Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs">
        <ScrollArea>
          {PLACES.map(({ to, title, icon: Sign }) => (
            <NavLink key={to} component={Link} to={to} label={title} onClick={close} leftSection={<Sign size={18} aria-hidden />} active={to === '/' ? pathname === '/' : pathname.startsWith(to)} />
          ))}
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>{session.isError ? <Failed error={session.error} retry={() => void session.refetch()} /> : <Outlet />}</AppShell.Main>
    </AppShell>
  );
}
