import { Alert, Button, Center, Group, Skeleton, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { IconAlertTriangle, IconLock, type Icon } from '@tabler/icons-react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiProblem, problemOf } from '../api/client';

/** Room for what is being read, in its shape. */
export const Loading = ({ rows = 4 }: { rows?: number }) => (
  <Stack gap="sm" role="status" aria-label="Loading">{Array.from({ length: rows }, (_, row) => <Skeleton key={row} height={36} />)}</Stack>
);

/** Nothing there yet: why, and the one thing to do. */
export const Empty = ({ icon: Sign, title, children, action }: { icon: Icon; title: string; children?: ReactNode; action?: ReactNode }) => (
  <Center py="xl"><Stack align="center" gap="sm" maw={460}>
    <ThemeIcon size={56} radius="xl" variant="light"><Sign size={28} aria-hidden /></ThemeIcon>
    <Title order={2} ta="center">{title}</Title>
    {children !== undefined && <Text c="dimmed" ta="center" component="div">{children}</Text>}
    {action}
  </Stack></Center>
);

/** What went wrong, what to do, and the partner's or server's own words. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const { title, remedy, detail, supportReference } = problemOf(error);
  const forbidden = error instanceof ApiProblem && error.status === 403;
  return (
    <Alert color={forbidden ? 'gray' : 'red'} icon={forbidden ? <IconLock aria-hidden /> : <IconAlertTriangle aria-hidden />} title={title} role="alert">
      <Stack gap="xs">
        <Text size="sm">{remedy}</Text>
        {detail !== undefined && <Text size="sm" className="wrap-anywhere">{detail}</Text>}
        {supportReference !== undefined && <Text size="sm">Support reference: <span className="mono">{supportReference}</span></Text>}
        {retry !== undefined && <Group><Button size="xs" variant="default" onClick={retry}>Try again</Button></Group>}
      </Stack>
    </Alert>
  );
}

/** A query's three states; the last shows the data, and stays when a later reading fails. */
export function Loaded<T>({ query, rows, children }: { query: UseQueryResult<T>; rows?: number; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  return query.isError ? <Failed error={query.error} retry={() => void query.refetch()} /> : <Loading rows={rows} />;
}
