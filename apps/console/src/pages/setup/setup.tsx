import { Anchor, Alert, Stepper, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import type { Schemas } from '../../api/client';
import { catalogQuery, warehousesQuery } from '../../api/queries';
import { Page } from '../../parts/page';
import { Loaded } from '../../parts/state-view';
import { Missing } from '../missing';
import { CollectionsStep } from './collections-step';
import { CredentialsStep } from './credentials-step';
import { useDraft } from './draft';
import { methodsOf, valuesOf } from './method';
import { ScheduleStep } from './schedule-step';

export type Entry = Schemas['CatalogEntryDto'];
export type Tested = Schemas['SourceTestDto'];

/** The way from a card of the catalog to a source that runs. Each step has its own address. */
export function SetupPage() {
  const { connector } = useParams({ from: '/shell/sources/new/$connector' });
  const query = useQuery(catalogQuery);
  return <Loaded query={query} rows={6}>{(entries) => {
    const entry = entries.find(({ name }) => name === connector);
    return entry === undefined ? <Missing /> : <Wizard key={entry.name} entry={entry} />;
  }}</Loaded>;
}

function Wizard({ entry }: { entry: Entry }) {
  const { step = 1 } = useSearch({ from: '/shell/sources/new/$connector' });
  const navigate = useNavigate();
  const [draft, change, forget] = useDraft(entry.name);
  const [secrets, setSecrets] = useState<Readonly<Record<string, string>>>({});
  const [tested, setTested] = useState<Tested>();
  const warehouses = useQuery(warehousesQuery);
  const go = useCallback((to: number) => void navigate({ to: '/sources/new/$connector', params: { connector: entry.name }, search: { step: to } }), [navigate, entry.name]);
  // Secrets are not kept over a reload: what needs them begins at the first step again.
  const reached = tested === undefined ? 1 : step;
  const methods = methodsOf(entry);
  const method = methods.find(({ name }) => name === draft.method) ?? methods[0];
  const credentials = { configuration: valuesOf(method, { ...draft.values, ...secrets }), ...(method.byBrowser && draft.grantId !== undefined && { grantId: draft.grantId }) };
  const needsWarehouse = entry.kinds.includes('object') && warehouses.data?.some(({ enabled }) => enabled) === false;
  return (
    <Page title={`Connect ${entry.title}`} crumbs={[{ title: 'Catalog', to: '/catalog' }]} lead={entry.description}>
      {needsWarehouse && <Alert color="yellow" title="Connect a warehouse first"><Text size="sm">Object collections are loaded into a warehouse. <Anchor component={Link} to="/warehouses/new" search={{ back: `/sources/new/${entry.name}` } as never}>Connect one</Anchor> and you come back here.</Text></Alert>}
      <Stepper active={reached - 1} onStepClick={(index) => { if (index + 1 < reached) go(index + 1); }} allowNextStepsSelect={false} size="sm">
        <Stepper.Step label="Credentials" description="tested live">
          <CredentialsStep entry={entry} methods={methods} method={method} draft={draft} secrets={secrets} change={change} setSecrets={setSecrets} done={(result) => { setTested(result); go(2); }} />
        </Stepper.Step>
        <Stepper.Step label="Collections" description="and what each costs">
          {tested !== undefined && <CollectionsStep entry={entry} draft={draft} tested={tested} credentials={credentials} change={change} next={() => go(3)} />}
        </Stepper.Step>
        <Stepper.Step label="Name and schedule">
          <ScheduleStep entry={entry} draft={draft} credentials={credentials} change={change} done={(source) => {
            forget();
            void navigate({ to: entry.streaming ? '/sources/$sourceId/webhook' : '/sources/$sourceId', params: { sourceId: source.id } });
          }} />
        </Stepper.Step>
      </Stepper>
    </Page>
  );
}
