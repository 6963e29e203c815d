import { Button, Menu, Text } from '@mantine/core';
import { IconCheck, IconChevronDown } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { answer, api } from '../api/client';
import { workspacesQuery } from '../api/queries';
import { sessionQuery } from '../api/session';
import { failed } from '../parts/notify';

/** Shows another workspace: nothing of this one stays on the screen. */
export function useSwitchWorkspace() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (workspaceId: string) => answer(api.PUT('/api/v1/session/workspace', { body: { workspaceId } })),
    onSuccess: async () => { await navigate({ to: '/' }); await queries.resetQueries(); },
    onError: failed,
  });
}

/** The workspace's name; with several, a menu of them. */
export function WorkspaceMenu() {
  const session = useQuery(sessionQuery);
  const { data: workspaces = [] } = useQuery(workspacesQuery);
  const switchTo = useSwitchWorkspace();
  const name = session.data?.workspace.name;
  if (workspaces.length < 2) return <Text c="dimmed" truncate>{name}</Text>;
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target><Button variant="subtle" color="gray" size="compact-md" maw={220} rightSection={<IconChevronDown size={16} aria-hidden />} aria-label={`Workspace ${name ?? ''}`}>{name}</Button></Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Workspaces</Menu.Label>
        {workspaces.map((workspace) => (
          <Menu.Item key={workspace.id} leftSection={workspace.current ? <IconCheck size={16} aria-hidden /> : <span style={{ width: 16, display: 'inline-block' }} />} disabled={workspace.current} onClick={() => switchTo.mutate(workspace.id)}>{workspace.name}</Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
