import { Anchor, Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useEffect, type ReactNode } from 'react';
import { useMay } from '../api/session';
import { Empty } from './state-view';

export interface Crumb { readonly title: string; readonly to: string }

/** A page's frame: where one is, its title, its actions. What only editors may do says so to others instead. */
export function Page({ title, crumbs = [], badge, lead, actions, editorsOnly = false, children }: { title: string; crumbs?: readonly Crumb[]; badge?: ReactNode; lead?: ReactNode; actions?: ReactNode; editorsOnly?: boolean; children: ReactNode }) {
  const mayEdit = useMay('editor');
  useEffect(() => { document.title = `${title} · Cloud sources`; }, [title]);
  return (
    <Stack gap="lg">
      <Stack gap={4}>
        {crumbs.length > 0 && <Breadcrumbs component="nav" aria-label="Breadcrumbs">{crumbs.map((crumb) => <Anchor key={crumb.to} component={Link} to={crumb.to} size="sm">{crumb.title}</Anchor>)}</Breadcrumbs>}
        <Group justify="space-between" align="flex-start">
          <Group gap="sm"><Title order={1} className="wrap-anywhere">{title}</Title>{badge}</Group>
          {actions !== undefined && <Group gap="xs">{actions}</Group>}
        </Group>
        {lead !== undefined && <Text c="dimmed" component="div">{lead}</Text>}
      </Stack>
      {editorsOnly && !mayEdit ? <Empty icon={IconLock} title="This is for editors and owners">You may look at everything, and change nothing. Ask an owner of the workspace.</Empty> : children}
    </Stack>
  );
}
