import { ActionIcon, CopyButton, Group, Text, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';

/** A value that people carry elsewhere. */
export const Copyable = ({ value, label }: { value: string; label: string }) => (
  <Group gap="xs" wrap="nowrap">
    <Text className="mono wrap-anywhere" component="span">{value}</Text>
    <CopyButton value={value}>{({ copied, copy }) => (
      <Tooltip label={copied ? 'Copied' : `Copy ${label}`}><ActionIcon variant="subtle" aria-label={copied ? 'Copied' : `Copy ${label}`} onClick={copy}>{copied ? <IconCheck size={18} /> : <IconCopy size={18} />}</ActionIcon></Tooltip>
    )}</CopyButton>
  </Group>
);
