import { Group, Progress, Table, Text } from '@mantine/core';
import { IconHourglass } from '@tabler/icons-react';
import { ErrorNotice } from '../../parts/error-notice';
import { duration } from '../../parts/instant';
import { Notices } from '../../parts/notices';
import { count } from '../../parts/numbers';
import { Status } from '../../parts/status';
import type { Run } from './run';

const ORDER = ['failed', 'killed', 'deferred', 'running', 'partial', 'succeeded', 'queued', 'skipped', 'cancelled'];

/** One line a collection; what needs attention first. */
export function CollectionRuns({ run, now }: { run: Run; now: number }) {
  const rows = [...run.collections].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || b.records - a.records || a.collection.localeCompare(b.collection));
  const most = Math.max(1, ...rows.map(({ records }) => records));
  return (
    <Table.ScrollContainer minWidth={620}>
      <Table>
        <Table.Thead><Table.Tr><Table.Th>Collection</Table.Th><Table.Th>State</Table.Th><Table.Th w="26%"><span aria-hidden>Share</span></Table.Th><Table.Th ta="right">Records</Table.Th><Table.Th ta="right">API calls</Table.Th><Table.Th ta="right">Took</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>{rows.map((row) => {
          const seconds = row.startedAt === null ? undefined : ((row.finishedAt === null ? now : Date.parse(row.finishedAt)) - Date.parse(row.startedAt)) / 1_000;
          return [
            <Table.Tr key={row.collection}>
              <Table.Td fw={600}>{row.collection}</Table.Td>
              <Table.Td><Group gap={4} wrap="nowrap"><Status state={row.state} />{row.state === 'deferred' && <IconHourglass size={16} aria-hidden />}</Group></Table.Td>
              <Table.Td><Progress value={100 * row.records / most} animated={row.state === 'running'} aria-label={`${row.collection}: ${count(row.records)} records`} /></Table.Td>
              <Table.Td ta="right">{count(row.records)}</Table.Td>
              <Table.Td ta="right">{count(row.apiCalls)}</Table.Td>
              <Table.Td ta="right">{seconds === undefined ? '—' : duration(seconds)}</Table.Td>
            </Table.Tr>,
            row.waitingUntil !== null && Date.parse(row.waitingUntil) > now && (
              <Table.Tr key={`${row.collection} waits`}><Table.Td colSpan={6}><Text size="sm">The partner asks us to wait {duration((Date.parse(row.waitingUntil) - now) / 1_000)}; then it goes on by itself.</Text></Table.Td></Table.Tr>
            ),
            row.warning !== null && <Table.Tr key={`${row.collection} warning`}><Table.Td colSpan={6}><Notices notices={[row.warning]} /></Table.Td></Table.Tr>,
            row.error !== null && (
              <Table.Tr key={`${row.collection} error`}><Table.Td colSpan={6}><ErrorNotice error={row.error} /></Table.Td></Table.Tr>
            ),
          ];
        })}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
