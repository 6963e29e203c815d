import { Box, Group, Progress, Spoiler, Stack, Table, Text } from '@mantine/core';
import { IconHourglass } from '@tabler/icons-react';
import { Fragment } from 'react';
import { Clock, duration } from '../../parts/instant';
import { Notices } from '../../parts/notices';
import { count } from '../../parts/numbers';
import { Status } from '../../parts/status';
import type { Run } from './run';

type CollectionRun = Run['collections'][number];

const ORDER = ['running', 'failed', 'killed', 'deferred', 'partial', 'queued', 'succeeded', 'skipped', 'cancelled'];
const SKIPPED: Readonly<Record<string, string>> = { cancelled: 'Not reached: the run was cancelled.', killed: 'Not reached: the run was killed.', failed: 'Not tried: the run failed before it was reached.' };
const whySkipped = ({ state, error }: Run): string => error?.code === 'authentication_failed' ? 'Not tried: the credentials are refused, so no further call was made.' : SKIPPED[state] ?? 'Not read: it was deselected while the run waited.';

/** Where the table is wider than the screen, what is told in words isn't. */
const TOLD = { position: 'sticky', left: 10, maxWidth: 'calc(100vw - 50px)' } as const;

/** Collections of one error stand together, and it is told once: what a key may not read concerns all that is made of it. */
function together(rows: readonly CollectionRun[]): CollectionRun[][] {
  const groups = new Map<string, CollectionRun[]>();
  for (const row of rows) {
    const key = row.error === null ? row.collection : JSON.stringify([row.error.title, row.error.remedy, row.error.supportReference]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()];
}

/** One line a collection; what runs and what needs attention first, each error with its remedy. */
export function CollectionRuns({ run, now }: { run: Run; now: number }) {
  const rows = [...run.collections].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || b.records - a.records || a.collection.localeCompare(b.collection));
  const most = Math.max(1, ...rows.map(({ records }) => records));
  return (
    <Table.ScrollContainer minWidth={620}>
      <Table>
        <Table.Thead><Table.Tr><Table.Th>Collection</Table.Th><Table.Th>State</Table.Th><Table.Th w="24%"><span aria-hidden>Share of the records</span></Table.Th><Table.Th ta="right">Records</Table.Th><Table.Th ta="right">API calls</Table.Th><Table.Th ta="right">Took</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>{together(rows).map((group) => <Fragment key={group[0]?.collection}>{group.map((row) => <Line key={row.collection} row={row} run={run} most={most} now={now} />)}<Reason rows={group} /></Fragment>)}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Line({ row, run, most, now }: { row: CollectionRun; run: Run; most: number; now: number }) {
  const seconds = row.startedAt === null ? undefined : ((row.finishedAt === null ? now : Date.parse(row.finishedAt)) - Date.parse(row.startedAt)) / 1_000;
  const isRunning = row.state === 'running' && run.finishedAt === null;
  const waits = row.waitingUntil === null || row.state !== 'running' ? 0 : (Date.parse(row.waitingUntil) - now) / 1_000;
  const isSkipped = row.state === 'skipped' && row.error === null;
  const told = row.warning !== null || waits > 0 || isSkipped;
  return (
    <>
      <Table.Tr style={told || row.error !== null ? { borderBottom: 'none' } : undefined}>
        <Table.Td><Text size="sm" fw={600}>{row.collection}</Text>{row.state !== 'skipped' && run.trigger !== 'first' && <Extent row={row} />}</Table.Td>
        <Table.Td><Group gap={4} wrap="nowrap"><Status state={row.state} />{row.state === 'deferred' && <IconHourglass size={16} aria-hidden />}</Group></Table.Td>
        <Table.Td><Progress value={isRunning ? 100 : 100 * row.records / most} animated={isRunning} striped={isRunning} color={row.error === null ? undefined : 'red'} aria-label={isRunning ? `${row.collection} is being read: ${count(row.records)} records so far` : `${row.collection}: ${count(row.records)} records`} /></Table.Td>
        <Table.Td ta="right">{count(row.records)}</Table.Td>
        <Table.Td ta="right">{count(row.apiCalls)}</Table.Td>
        <Table.Td ta="right">{seconds === undefined ? '—' : duration(seconds)}</Table.Td>
      </Table.Tr>
      {told && (
        <Table.Tr style={row.error !== null ? { borderBottom: 'none' } : undefined}><Table.Td colSpan={6} pt={0}><Stack gap={4} style={TOLD}>
          {waits > 0 && <Text size="sm" role="status">The partner asks us to wait <b>{duration(waits)}</b>; then it goes on by itself.</Text>}
          {isSkipped && <Text size="sm" c="dimmed">{whySkipped(run)}</Text>}
          {row.warning !== null && <Notices notices={[row.warning]} />}
        </Stack></Table.Td></Table.Tr>
      )}
    </>
  );
}

/** From where it reads. */
function Extent({ row: { changesSince, fullPass } }: { row: CollectionRun }) {
  if (changesSince !== null) return <Text size="xs" c="dimmed">changes since <Clock at={changesSince} /></Text>;
  return fullPass === true ? <Text size="xs" c="dimmed">everything from the start date on</Text> : null;
}

/** Why these failed, in few lines. */
function Reason({ rows }: { rows: readonly CollectionRun[] }) {
  const errors = rows.flatMap(({ error }) => error ?? []);
  const [error] = errors;
  if (error === undefined) return null;
  const waits = error.code === 'rate_limited' || error.code === 'budget_exhausted';
  const words = [...new Set(errors.flatMap(({ details }) => details ?? []))];
  return (
    <Table.Tr><Table.Td colSpan={6} pt={0}>
      <Box pl="sm" style={{ ...TOLD, borderLeft: `3px solid var(--mantine-color-${waits ? 'violet' : 'red'}-6)` }}>
        <Text size="sm" fw={600} className={waits ? undefined : 'fails'}>{error.title}</Text>
        {rows.length > 1 && <Text size="sm">Concerns {rows.map(({ collection }) => collection).join(', ')}.</Text>}
        <Text size="sm">{error.remedy}</Text>
        {words.length > 0 && <Spoiler maxHeight={0} fz="sm" showLabel="The partner's own words" hideLabel="Hide them">{words.map((word) => <Text key={word} size="xs" className="mono wrap-anywhere">{word}</Text>)}</Spoiler>}
        {error.supportReference !== undefined && <Text size="xs" className="wrap-anywhere">Support reference: <span className="mono">{error.supportReference}</span></Text>}
      </Box>
    </Table.Td></Table.Tr>
  );
}
