import { Alert, Stack, Text } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';

interface Notice { readonly code: string; readonly title: string; readonly remedy: string }

/** What isn't an error yet, and what to do about it. */
export const Notices = ({ notices }: { notices: readonly Notice[] }) => notices.length === 0 ? null : (
  <Stack gap="xs">{notices.map((notice, index) => (
    <Alert key={`${notice.code} ${index}`} color="yellow" variant="light" icon={<IconInfoCircle aria-hidden />} title={notice.title}><Text size="sm">{notice.remedy}</Text></Alert>
  ))}</Stack>
);
