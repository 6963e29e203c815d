import { Box, Button, Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { runLogQuery } from '../../api/queries';
import { Loaded } from '../../parts/state-view';

const LOOKS = { info: '', warn: 'warns', error: 'fails' } as const;

/** The run's log: filtered here, downloaded whole. */
export function RunLog({ runId, deletedAt }: { runId: string; deletedAt: string | null }) {
  const query = useQuery(runLogQuery(runId));
  const [level, setLevel] = useState<'all' | 'warn'>('all');
  const [text, setText] = useState('');
  return (
    <Loaded query={query}>{(lines) => {
      const shown = lines.filter((line) => (level === 'all' || line.level !== 'info') && line.message.toLowerCase().includes(text.toLowerCase()));
      const save = (): void => {
        const link = document.createElement('a');
        link.href = URL.createObjectURL(new Blob([lines.map(({ at, level: severity, message }) => `${at} ${severity} ${message}\n`).join('')], { type: 'text/plain' }));
        link.download = `run-${runId}.log`;
        link.click();
        URL.revokeObjectURL(link.href);
      };
      return (
        <Stack gap="xs">
          <Group>
            <SegmentedControl size="xs" aria-label="Level" value={level} onChange={(value) => setLevel(value as typeof level)} data={[{ value: 'all', label: 'All' }, { value: 'warn', label: 'Warnings' }]} />
            <TextInput size="xs" aria-label="Filter the log" placeholder="Filter" value={text} onChange={(event) => setText(event.currentTarget.value)} />
            <Button size="xs" variant="default" onClick={save} disabled={lines.length === 0}>Download</Button>
          </Group>
          {shown.length === 0 ? <Text c="dimmed" size="sm">{lines.length === 0 ? deletedAt === null ? 'Nothing was written yet.' : `The log was deleted on ${new Date(deletedAt).toLocaleDateString()}: it is kept for some weeks after a run's end.` : 'No line fits the filter.'}</Text> : (
            <Box mah={360} style={{ overflowY: 'auto' }} tabIndex={0} aria-label="Log" role="log">
              {shown.map((line, index) => <Text key={index} className={`mono wrap-anywhere ${LOOKS[line.level]}`} size="xs">{new Date(line.at).toLocaleTimeString()} {line.level === 'info' ? '' : `${line.level}: `}{line.message}</Text>)}
            </Box>
          )}
        </Stack>
      );
    }}</Loaded>
  );
}
