import { Anchor, Alert, Button, Group, Stack, Stepper, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import type { Schemas } from '../../api/client';
import { catalogQuery, warehousesQuery } from '../../api/queries';
import { Page } from '../../parts/page';
import { Loaded } from '../../parts/state-view';
import { Missing } from '../missing';
import { WebhookPanel } from '../source/webhook';
import { CollectionsStep } from './collections-step';
import { CredentialsStep } from './credentials-step';
import { useDraft } from './draft';
import { methodsOf, valuesOf } from './method';
import { ScheduleStep } from './schedule-step';
import { TemplatesStep } from './templates-step';

export type Entry = Schemas['CatalogEntryDto'];
export type Tested = Schemas['SourceTestDto'];

/** The way from a card of the catalog to a source that runs. Each step has its own address, and a reload stays where it was. */
export function SetupPage() {
  const { connector } = useParams({ from: '/shell/sources/new/$connector' });
  const query = useQuery(catalogQuery);
  return <Loaded query={query} rows={6}>{(entries) => {
    const entry = entries.find(({ name }) => name === connector);
    return entry === undefined ? <Missing /> : <Wizard key={entry.name} entry={entry} />;
  }}</Loaded>;
}

function Wizard({ entry }: { entry: Entry }) {
  const { step = 1, source: made } = useSearch({ from: '/shell/sources/new/$connector' });
  const navigate = useNavigate();
  const [draft, change, forget] = useDraft(entry.name);
  const [secrets, setSecrets] = useState<Readonly<Record<string, string>>>({});
  /** Fixed when the last step begins, so that the fields don't go while they are written. */
  const [missing, setMissing] = useState<readonly Entry['configuration'][number][]>();
  const warehouses = useQuery(warehousesQuery);
  const go = useCallback((to: number, source?: string) => void navigate({ to: '/sources/new/$connector', params: { connector: entry.name }, search: { step: to, ...(source !== undefined && { source }) } }), [navigate, entry.name]);
  const methods = methodsOf(entry);
  const method = methods.find(({ name }) => name === draft.method) ?? methods[0];
  const credentials = { configuration: valuesOf(method, { ...draft.values, ...secrets }), ...(method.byBrowser && draft.grantId !== undefined && { grantId: draft.grantId }) };
  // Secrets are not kept over a reload. What was learnt with them is.
  const gone = method.fields.filter(({ name, type, required }) => type === 'secret' && required && secrets[name] === undefined);
  const complete = gone.length === 0 && (!method.byBrowser || draft.grantId !== undefined);
  const reached = made !== undefined ? 5 : draft.account === undefined ? 1 : Math.min(step, 4);
  if (reached === 4 && missing === undefined) setMissing(gone);
  if (reached < 4 && missing !== undefined) setMissing(undefined);
  const needsWarehouse = entry.kinds.includes('object') && warehouses.data?.some(({ enabled }) => enabled) === false;
  return (
    <Page editorsOnly title={`Connect ${entry.title}`} crumbs={[{ title: 'Catalog', to: '/catalog' }]} lead={entry.description}>
      {needsWarehouse && <Alert color="yellow" title="Connect a warehouse first"><Text size="sm">Object collections are loaded into a warehouse. <Anchor component={Link} to="/warehouses/new" search={{ back: `/sources/new/${entry.name}` } as never} underline="always">Connect one</Anchor> and you come back here.</Text></Alert>}
      <Stepper active={reached - 1} onStepClick={(index) => { if (index + 1 < reached && made === undefined) go(index + 1); }} allowNextStepsSelect={false} size="sm">
        <Stepper.Step label="Credentials" description="tested live">
          <CredentialsStep entry={entry} methods={methods} method={method} draft={draft} secrets={secrets} change={change} setSecrets={setSecrets} done={({ account }) => { change({ account, testedAt: Date.now(), access: [], collections: undefined }); go(2); }} />
        </Stepper.Step>
        <Stepper.Step label="Collections" description="and what each costs">
          {draft.account !== undefined && <CollectionsStep entry={entry} draft={draft} account={draft.account} credentials={credentials} complete={complete} change={change} next={() => go(3)} />}
        </Stepper.Step>
        <Stepper.Step label="Templates" description="of metrics, segments">
          <TemplatesStep entry={entry} draft={draft} change={change} next={() => go(4)} />
        </Stepper.Step>
        <Stepper.Step label="Name and schedule">
          <ScheduleStep entry={entry} draft={draft} credentials={credentials} missing={missing ?? []} secrets={secrets} setSecrets={setSecrets} change={change} done={(source) => {
            forget();
            if (entry.streaming) go(5, source.id); else void navigate({ to: '/sources/$sourceId', params: { sourceId: source.id } });
          }} />
        </Stepper.Step>
        {entry.streaming && (
          <Stepper.Step label="Webhooks" description="for changes at once">
            {made !== undefined && (
              <Stack pt="md">
                <Text>The source is there, and its first sync runs. With webhooks, changes arrive within moments, too.</Text>
                <WebhookPanel sourceId={made} />
                <Group><Button component={Link} to={`/sources/${made}`}>Go to the source</Button></Group>
              </Stack>
            )}
          </Stepper.Step>
        )}
      </Stepper>
    </Page>
  );
}
