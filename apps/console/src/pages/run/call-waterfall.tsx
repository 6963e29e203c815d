import { Box, Group, Stack, Text, Title, Tooltip } from '@mantine/core';
import { count } from '../../parts/numbers';
import type { Run } from './run';

const SHOWN = 200;

const answerOf = (status: number): string => status === 0 ? 'no answer' : String(status);
const colorOf = (status: number): string => status === 0 || status >= 500 ? 'red' : status === 429 ? 'violet' : status >= 400 ? 'orange' : 'cyan';

/** When each call to the partner went out and how long it took: what a run cost, call by call. */
export function CallWaterfall({ run }: { run: Run }) {
  const calls = run.calls.slice(-SHOWN);
  if (calls.length === 0) return null;
  const start = Math.min(...calls.map(({ startedAt }) => Date.parse(startedAt)));
  const end = Math.max(...calls.map(({ startedAt, durationMs }) => Date.parse(startedAt) + durationMs));
  const span = Math.max(1, end - start);
  return (
    <Stack gap="xs">
      <Group justify="space-between"><Title order={2}>Calls</Title><Text size="sm" c="dimmed">{run.apiCalls > calls.length ? `the last ${calls.length} of ${count(run.apiCalls)}` : `${count(calls.length)} in ${(span / 1_000).toFixed(1)} s`}</Text></Group>
      <Box mah={320} style={{ overflowY: 'auto' }} tabIndex={0} role="list" aria-label="Calls to the partner">
        {calls.map((call, index) => (
          <Tooltip key={index} label={`${call.method} ${call.request} → ${answerOf(call.status)}, ${call.durationMs} ms, ${count(call.bytes)} bytes`} position="top-start">
            <Group gap="xs" wrap="nowrap" role="listitem" style={{ fontSize: 12 }}>
              <Text size="xs" w={170} truncate>{call.collection}</Text>
              <Text size="xs" w={64} style={{ whiteSpace: 'nowrap' }} className={call.status === 0 || call.status >= 400 ? 'fails' : ''}>{answerOf(call.status)}</Text>
              <Box pos="relative" h={12} flex={1}><Box pos="absolute" h={8} top={2} bg={`${colorOf(call.status)}.6`} style={{ left: `${100 * (Date.parse(call.startedAt) - start) / span}%`, width: `max(3px, ${100 * call.durationMs / span}%)`, borderRadius: 2 }} /></Box>
              <Text size="xs" w={60} ta="right">{call.durationMs} ms</Text>
            </Group>
          </Tooltip>
        ))}
      </Box>
    </Stack>
  );
}
