import { Alert, Stack, Text } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { Clock } from './instant';

interface Notice { readonly code: string; readonly title: string; readonly remedy: string; readonly at?: string }

/** What isn't an error yet, when, and what to do about it. */
export const Notices = ({ notices }: { notices: readonly Notice[] }) => notices.length === 0 ? null : (
  <Stack gap="xs">{notices.map(({ code, title, remedy, at }, index) => (
    <Alert key={`${code} ${index}`} color="yellow" variant="light" icon={<IconInfoCircle aria-hidden />} title={<>{title}{at !== undefined && <Text span inherit fw={400}> · <Clock at={at} /></Text>}</>}><Text size="sm">{remedy}</Text></Alert>
  ))}</Stack>
);
