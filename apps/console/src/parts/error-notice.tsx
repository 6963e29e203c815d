import { Alert, Code, Spoiler, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconHourglass } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { Schemas } from '../api/client';

/** An error of the taxonomy: what happened, what to do, and the partner's own words under "details". Waiting is no alarm. */
export function ErrorNotice({ error, action }: { error: Schemas['ErrorReportDto']; action?: ReactNode }) {
  const waits = error.code === 'rate_limited' || error.code === 'budget_exhausted';
  return (
    <Alert color={waits ? 'violet' : 'red'} icon={waits ? <IconHourglass aria-hidden /> : <IconAlertTriangle aria-hidden />} title={error.title}>
      <Stack gap="xs">
        <Text size="sm">{error.remedy}</Text>
        {error.details !== undefined && <Spoiler maxHeight={0} fz="sm" showLabel="Details: the partner's own words" hideLabel="Hide the details"><Code block className="wrap-anywhere">{error.details}</Code></Spoiler>}
        {error.supportReference !== undefined && <Text size="sm">Support reference: <span className="mono">{error.supportReference}</span></Text>}
        {action}
      </Stack>
    </Alert>
  );
}
