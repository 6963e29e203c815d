import { Anchor, Button, Group, Progress, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { runQuery, sourceQuery } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Confirm } from '../../parts/confirm';
import { ErrorNotice } from '../../parts/error-notice';
import { Clock, Instant, duration, useNow } from '../../parts/instant';
import { counted } from '../../parts/numbers';
import { Notices } from '../../parts/notices';
import { Page } from '../../parts/page';
import { Loaded } from '../../parts/state-view';
import { Status } from '../../parts/status';
import { Arrival } from './arrival';
import { CallWaterfall } from './call-waterfall';
import { CollectionRuns } from './collection-runs';
import { RunLog } from './run-log';

export type Run = Schemas['RunDetailDto'];

const TRIGGERS: Record<string, string> = { schedule: 'by schedule', manual: 'by “Sync now”', first: 'as the first sync', resync: 'as a re-sync', replay: 'as a replay' };

/** Everything about one run, live while it runs: the reason before the details. */
export function RunPage() {
  const { runId } = useParams({ from: '/shell/runs/$runId' });
  const query = useQuery(runQuery(runId));
  return <Loaded query={query} rows={8}>{(run) => <RunPane run={run} />}</Loaded>;
}

function RunPane({ run }: { run: Run }) {
  const source = useQuery(sourceQuery(run.sourceId));
  const mayEdit = useMay('editor');
  const [asks, setAsks] = useState(false);
  const active = run.finishedAt === null;
  const now = useNow(active ? 1_000 : 60_000);
  const cancel = useAction(() => answer(api.POST('/api/v1/runs/{id}/cancel', { params: { path: { id: run.id } } })), {
    touches: [['run', run.id], ['source', run.sourceId]], says: 'Cancelled. What was read stays; the next run goes on from there.', then: () => setAsks(false),
  });
  const name = source.data?.name ?? 'Source';
  const seconds = run.startedAt === null ? 0 : ((run.finishedAt === null ? now : Date.parse(run.finishedAt)) - Date.parse(run.startedAt)) / 1_000;
  const waits = run.resumeAt === null ? 0 : Math.max(0, (Date.parse(run.resumeAt) - now) / 1_000);
  return (
    <Page
      title={`Run of ${name}`} crumbs={[{ title: 'Sources', to: '/sources' }, { title: name, to: `/sources/${run.sourceId}` }]} badge={<Status state={run.state} />}
      lead={<>{run.startedAt === null ? 'Asked for' : 'Started'} <Instant at={run.startedAt ?? run.createdAt} /> {TRIGGERS[run.trigger] ?? run.trigger}{run.startedAt !== null && <> · {active ? 'running for' : 'took'} {duration(seconds)}</>} · {counted(run.records, 'record')} · {counted(run.apiCalls, 'API call')}</>}
      actions={active && mayEdit && <Button variant="default" onClick={() => setAsks(true)}>Cancel</Button>}
    >
      <Stack>
        {run.state === 'running' && run.waitingUntil !== null && Date.parse(run.waitingUntil) > now && <Text role="status">The partner asks us to wait <b>{duration((Date.parse(run.waitingUntil) - now) / 1_000)}</b>; then it goes on by itself.</Text>}
        {run.state === 'queued' && <Text role="status">Waiting for a fetcher. It begins by itself as soon as one is free.</Text>}
        {run.state === 'deferred' && <Text role="status">It goes on by itself {waits > 0 ? <>in <b>{duration(waits)}</b></> : 'any moment now'}, from where it stopped.</Text>}
        {/* A collection's error stands with the collection. */}
        {run.progress !== null && <Stack gap={4} role="status"><Text size="sm">{counted(run.progress.pages, 'page')} normalised again{run.progress.oldest !== undefined && <>, the oldest of <Instant at={run.progress.oldest} /></>}</Text><Progress value={run.progress.total === 0 ? 100 : 100 * run.progress.done / run.progress.total} animated={active} aria-label="Replay" /></Stack>}
        <Attempts run={run} />
        {run.error !== null && !run.collections.some(({ error }) => error?.code === run.error?.code) && (
          <ErrorNotice error={run.error} action={run.error.code === 'budget_exhausted' && mayEdit && <Group><Button size="xs" variant="default" component={Link} to={`/sources/${run.sourceId}/usage`}>Look at the budget</Button></Group>} />
        )}
        {run.support !== null && <Text size="sm">{run.support.state === 'notified' ? <>Support has had the complete log since <Instant at={run.support.notifiedAt} />.</> : run.support.state === 'pending' ? 'The complete log is on its way to support.' : 'No support channel is configured: send the log below to whoever operates this installation.'}</Text>}
        <Notices notices={run.warnings} />
        {source.data !== undefined && <Next run={run} source={source.data} />}
        {run.records > 0 && <Arrival run={run} />}
        {run.collections.length > 0 && <CollectionRuns run={run} now={now} />}
        <CallWaterfall run={run} />
        <Title order={2}>Log</Title>
        <RunLog runId={run.id} deletedAt={run.detailsDeletedAt} />
        {!active && run.records > 0 && <Text size="sm">Did everything arrive? <Anchor component={Link} to={`/sources/${run.sourceId}/verify`} size="sm" underline="always">Compare the partner, the topics and the warehouse</Anchor>, record by record.</Text>}
      </Stack>
      <Confirm opened={asks} title="Cancel this run?" action="Cancel the run" busy={cancel.isPending} close={() => setAsks(false)} confirm={() => cancel.mutate(undefined)}>
        What was read so far stays, and the next run goes on from there.
      </Confirm>
    </Page>
  );
}

const LEFT: Readonly<Record<string, string>> = { partial: 'What could be read is loaded.', failed: 'What was read before stays.', killed: 'What was read before stays.' };

/** What happens by itself after the newest run didn't bring everything, or what has to be done. */
function Next({ run, source }: { run: Run; source: Schemas['SourceDto'] }) {
  const left = LEFT[run.state];
  if (left === undefined || run.startedAt === null || source.lastRunAt === null || Date.parse(source.lastRunAt) > Date.parse(run.startedAt)) return null;
  if (source.state === 'error') return <Group gap="sm"><Text size="sm">{left} Nothing is called any more until the source has new credentials.</Text><Button size="xs" component={Link} to={`/sources/${source.id}/settings`}>Reconnect</Button></Group>;
  return <Text size="sm">{left} {source.nextRunAt === null ? 'The source is paused: nothing runs until somebody resumes it.' : <>The next run is due <Instant at={source.nextRunAt} /> and goes on from there. “Sync now” on the source's page doesn't wait.</>}</Text>;
}

const ENDED: Readonly<Record<string, string>> = { lost: 'its fetcher went silent', released: 'its fetcher was stopped', deferred: 'it waited' };

/** How often it was taken up again, and from where. */
function Attempts({ run: { attempts } }: { run: Run }) {
  const now = attempts.at(-1);
  const before = attempts.at(-2);
  if (now === undefined || before === undefined) return null;
  return <Text size="sm">Resumed <Clock at={now.startedAt} /> from the last checkpoint, after {ENDED[before.outcome ?? ''] ?? 'an attempt'} ({counted(attempts.length, 'attempt')}; {counted(before.records, 'record')} were safe by then).</Text>;
}
