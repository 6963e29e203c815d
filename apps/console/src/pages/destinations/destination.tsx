import { Alert, Button, Code, Stack, Tabs, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Outlet, useNavigate, useParams, useRouterState } from '@tanstack/react-router';
import { answer, api, type Schemas } from '../../api/client';
import { destinationQuery } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Clock, Instant } from '../../parts/instant';
import { Page } from '../../parts/page';
import { Loaded } from '../../parts/state-view';
import { DestinationStatus, kindOf } from './kinds';

/** One destination: whether it takes what it is sent, what it was sent, and what it is to get. */
export function DestinationPage() {
  const { destinationId } = useParams({ from: '/shell/destinations/$destinationId' });
  return <Loaded query={useQuery(destinationQuery(destinationId))}>{(destination) => <Details destination={destination} />}</Loaded>;
}

function Details({ destination }: { destination: Schemas['DestinationDto'] }) {
  const { id, name, kind, url, state, enabled, trouble, startsAt, failingSince, heldUntil } = destination;
  const mayEdit = useMay('editor');
  const navigate = useNavigate();
  const isSettings = useRouterState({ select: ({ location }) => location.pathname.endsWith('/settings') });
  const params = { path: { id } };
  const touches = [['destination', id], ['destinations']];
  const test = useAction(() => answer(api.POST('/api/v1/destinations/{id}/test', { params })), { touches: [] });
  const enable = useAction(() => answer(api.POST('/api/v1/destinations/{id}/enable', { params })), { touches, says: 'It gets events from now on, and what waited for it.' });
  const disable = useAction(() => answer(api.POST('/api/v1/destinations/{id}/disable', { params })), { touches, says: 'It gets no more events. What waits for it is kept.' });
  return (
    <Page
      title={name} crumbs={[{ title: 'Destinations', to: '/destinations' }]} badge={<DestinationStatus state={state} />}
      lead={<>{kindOf(kind)?.title} · <span className="mono wrap-anywhere">{url}</span> · events since <Instant at={startsAt} /></>}
      actions={mayEdit && <>
        <Button variant="default" loading={test.isPending} onClick={() => test.mutate(undefined)}>Send a test event</Button>
        {enabled ? <Button variant="default" loading={disable.isPending} onClick={() => disable.mutate(undefined)}>Disable</Button> : <Button loading={enable.isPending} onClick={() => enable.mutate(undefined)}>Enable</Button>}
      </>}
    >
      {trouble !== null && (
        <Alert color={enabled ? 'red' : 'gray'} icon={enabled ? <IconAlertTriangle aria-hidden /> : <IconInfoCircle aria-hidden />} title={<>{trouble.title} <Text span inherit fw={400}>· <Clock at={trouble.at} /></Text></>}>
          <Text size="sm">{trouble.remedy}</Text>
          {enabled && failingSince !== null && <Text size="sm">It began to fail <Instant at={failingSince} />. After three days without a delivery it is disabled.{heldUntil !== null && <> Next try: <Instant at={heldUntil} />.</>}</Text>}
        </Alert>
      )}
      {test.data !== undefined && <TestResult result={test.data} close={test.reset} />}
      <Tabs value={isSettings ? 'settings' : 'log'} onChange={(tab) => void navigate({ to: tab === 'settings' ? '/destinations/$destinationId/settings' : '/destinations/$destinationId', params: { destinationId: id } })} keepMounted={false}>
        <Tabs.List><Tabs.Tab value="log">Deliveries</Tabs.Tab><Tabs.Tab value="settings">Settings</Tabs.Tab></Tabs.List>
        <Tabs.Panel value={isSettings ? 'settings' : 'log'} pt="md"><Outlet /></Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function TestResult({ result: { ok, attempt, sent }, close }: { result: Schemas['DestinationTestDto']; close: () => void }) {
  const { at, status, durationMs, explanation, answer: said } = attempt;
  return (
    <Alert role="status" withCloseButton closeButtonLabel="Hide the test's result" onClose={close} color={ok ? 'teal' : 'red'} icon={ok ? <IconCircleCheck aria-hidden /> : <IconAlertTriangle aria-hidden />} title={<>{ok ? `The destination took it (${status ?? ''}, ${durationMs} ms)` : explanation?.title} <Text span inherit fw={400}>· test at <Clock at={at} /></Text></>}>
      <Stack gap="xs">
        {explanation !== null && <Text size="sm">{explanation.remedy}</Text>}
        {said !== null && said !== '' && <div><Text size="sm" fw={600}>It said</Text><Code block className="wrap-anywhere" mah={160} style={{ overflow: 'auto' }} tabIndex={0} aria-label="The answer">{said}</Code></div>}
        <div><Text size="sm" fw={600}>It was sent</Text><Code block className="wrap-anywhere" mah={160} style={{ overflow: 'auto', whiteSpace: 'pre-wrap' }} tabIndex={0} aria-label="The message">{sent}</Code></div>
      </Stack>
    </Alert>
  );
}
