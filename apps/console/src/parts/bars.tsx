import { Box, Group, Stack, Text, Tooltip } from '@mantine/core';

export interface Bar { readonly label: string; readonly value: number; readonly title: string }

/** A small chart of bars, each named on hover and focus; `title` is what a bar says in words. */
export function Bars({ title, bars, total, height = 56 }: { title: string; bars: readonly Bar[]; total: string; height?: number }) {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const busiest = bars.reduce<Bar | undefined>((a, b) => (a === undefined || b.value > a.value ? b : a), undefined);
  return (
    <Stack gap={4}>
      <Group justify="space-between" wrap="nowrap" align="baseline"><Text size="sm" fw={600}>{title}</Text><Text size="sm" className="numbers">{total}</Text></Group>
      <Group gap={2} wrap="nowrap" align="flex-end" h={height} role="img" aria-label={`${title}: ${total}${busiest === undefined || busiest.value === 0 ? '' : `; the most: ${busiest.title}`}`}>
        {bars.map(({ label, value, title: words }) => (
          <Tooltip key={label} label={words}>
            <Box flex={1} h="100%" pos="relative"><Box pos="absolute" bottom={0} left={0} right={0} bg={value === 0 ? 'var(--mantine-color-default-border)' : 'cyan.8'} style={{ height: value === 0 ? 2 : `max(3px, ${100 * value / most}%)`, borderRadius: 2 }} /></Box>
          </Tooltip>
        ))}
      </Group>
      <Group justify="space-between"><Text size="xs" c="dimmed">{bars[0]?.label}</Text><Text size="xs" c="dimmed">{bars.at(-1)?.label}</Text></Group>
    </Stack>
  );
}
