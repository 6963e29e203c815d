import { Badge, Button, Group, Stack, Tabs } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate, useParams } from '@tanstack/react-router';
import { answer, api, type Schemas } from '../../api/client';
import { sourceQuery } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { ErrorNotice } from '../../parts/error-notice';
import { Instant } from '../../parts/instant';
import { Notices } from '../../parts/notices';
import { Page } from '../../parts/page';
import { Loaded } from '../../parts/state-view';
import { Status } from '../../parts/status';
import { SyncNow } from './sync-now';

export type Source = Schemas['SourceDto'];

/** In the order in which people need them; the first has the source's own address. */
const TABS = [
  ['runs', 'Runs'], ['collections', 'Collections'], ['schedule', 'Schedule'], ['usage', 'Usage'], ['webhook', 'Webhook'], ['verify', 'Verify'], ['settings', 'Settings'],
] as const;

/** One source: its state in one line, what to press, and its parts as pages of their own. */
export function SourcePage() {
  const { sourceId } = useParams({ from: '/shell/sources/$sourceId' });
  const query = useQuery(sourceQuery(sourceId));
  return <Loaded query={query}>{(source) => <SourceFrame source={source} />}</Loaded>;
}

function SourceFrame({ source }: { source: Source }) {
  const mayEdit = useMay('editor');
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const base = `/sources/${source.id}`;
  const current = TABS.find(([path]) => pathname.startsWith(`${base}/${path}`))?.[0] ?? 'runs';
  const params = { path: { id: source.id } };
  const touches = [['source', source.id], ['sources']];
  const pause = useAction(() => answer(api.POST('/api/v1/sources/{id}/pause', { params })), { touches, says: 'Paused: nothing runs until you resume it.' });
  const resume = useAction(() => answer(api.POST('/api/v1/sources/{id}/resume', { params })), { touches, says: 'Resumed.' });
  return (
    <Page
      title={source.name} crumbs={[{ title: 'Sources', to: '/sources' }]}
      badge={<Group gap={6}><Status state={source.state} /><Badge variant="outline" tt="none" color="gray">{source.connector}</Badge></Group>}
      lead={<>All collections fresh as of <Instant at={source.lastSuccessAt} /> · {source.nextRunAt === null ? 'no run is planned' : <>next run <Instant at={source.nextRunAt} /></>}</>}
      actions={mayEdit && <>
        {source.state === 'active' && <Button variant="default" loading={pause.isPending} onClick={() => pause.mutate(undefined)}>Pause</Button>}
        {source.state === 'paused' && <Button loading={resume.isPending} onClick={() => resume.mutate(undefined)}>Resume</Button>}
        {source.state !== 'error' && <SyncNow source={source} />}
      </>}
    >
      <Stack>
        {source.error !== null && <ErrorNotice error={source.error} action={source.state === 'error' && mayEdit && <Group><Button size="xs" component={Link} to={`${base}/settings`}>Reconnect</Button></Group>} />}
        <Notices notices={[...source.notices, ...source.warnings]} />
        <Tabs value={current} onChange={(tab) => void navigate({ to: tab === 'runs' || tab === null ? base : `${base}/${tab}` })} keepMounted={false}>
          <Tabs.List>{TABS.map(([path, title]) => <Tabs.Tab key={path} value={path}>{title}</Tabs.Tab>)}</Tabs.List>
          <Tabs.Panel value={current} pt="lg"><Outlet /></Tabs.Panel>
        </Tabs>
      </Stack>
    </Page>
  );
}
