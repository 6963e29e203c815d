import { Button, Group, MultiSelect, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answer, api, type Schemas } from '../../api/client';
import { catalogQuery, collectionsQuery, retainedQuery, sourceQuery } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Confirm } from '../../parts/confirm';
import { Instant } from '../../parts/instant';
import { Failed, Loaded } from '../../parts/state-view';
import { CredentialForm } from '../setup/credential-form';
import { MethodChoice, methodsOf, valuesOf } from '../setup/method';
import { SignInWith } from '../setup/sign-in-with';
import type { Source } from './source';

/** Name, credentials, reading anew, and the end of the source. */
export function SettingsTab() {
  const { sourceId } = useParams({ from: '/shell/sources/$sourceId' });
  const query = useQuery(sourceQuery(sourceId));
  const mayEdit = useMay('editor');
  return <Loaded query={query}>{(source) => mayEdit
    ? <Stack gap="xl" maw={640}><Rename source={source} /><Credentials source={source} /><Resync source={source} /><Replay source={source} /><Remove source={source} /></Stack>
    : <Text>Only editors and owners may change a source. Ask an owner of the workspace.</Text>}</Loaded>;
}

function Rename({ source }: { source: Source }) {
  const [name, setName] = useState(source.name);
  const save = useAction(() => answer(api.PATCH('/api/v1/sources/{id}', { params: { path: { id: source.id } }, body: { name } })), { touches: [['source', source.id], ['sources']], says: 'Renamed.' });
  return (
    <form onSubmit={(event) => { event.preventDefault(); save.mutate(undefined); }}>
      <Group align="flex-end"><TextInput flex="1 1 280px" label="Name" description={`Its schema in the warehouse stays ${source.slug}`} required maxLength={100} value={name} onChange={(event) => setName(event.currentTarget.value)} /><Button type="submit" disabled={name === source.name || name.trim() === ''} loading={save.isPending}>Rename</Button></Group>
    </form>
  );
}

function Credentials({ source }: { source: Source }) {
  const catalog = useQuery(catalogQuery);
  const entry = catalog.data?.find(({ name }) => name === source.connector);
  return entry === undefined ? null : <Reconnect source={source} methods={methodsOf(entry)} entry={entry} />;
}

/** The way in use can't be told from what is shown of it: the first one is offered, and any other. */
function Reconnect({ source, entry, methods }: { source: Source; entry: Schemas['CatalogEntryDto']; methods: ReturnType<typeof methodsOf> }) {
  const [chosen, setChosen] = useState(methods[0].name);
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const method = methods.find(({ name }) => name === chosen) ?? methods[0];
  const entered = Object.fromEntries(Object.entries(valuesOf(method, values)).filter(([, value]) => value.trim() !== ''));
  const save = useAction((grantId: string | undefined) => answer(api.PUT('/api/v1/sources/{id}/credentials', { params: { path: { id: source.id } }, body: { configuration: entered, ...(grantId !== undefined && { grantId }) } })), {
    touches: [['source', source.id], ['sources']], says: 'The new credentials work; the next run uses them.', then: () => setValues({}),
  });
  return (
    <Stack>
      <div><Title order={2}>Credentials</Title><Text size="sm" c="dimmed">Tested before they replace the ones in use, and only for the account that this source reads. What you leave empty stays as it is.</Text></div>
      <MethodChoice methods={methods} value={method.name} change={(name) => { setChosen(name); save.reset(); }} />
      <form onSubmit={(event) => { event.preventDefault(); save.mutate(undefined); }}>
        <Stack>
          <CredentialForm fields={method.fields.map((field) => ({ ...field, required: false, placeholder: source.configuration[field.name] ?? field.placeholder }))} values={values} errorOf={() => undefined} change={(field, value) => setValues({ ...values, [field.name]: value })} />
          {method.byBrowser && <SignInWith connector={entry} configuration={{ ...source.configuration, ...entered }} sourceId={source.id} granted={false} onGrant={(grantId) => save.mutate(grantId)} />}
          {save.isError && <Failed error={save.error} />}
          {!method.byBrowser && <Group><Button type="submit" loading={save.isPending} disabled={Object.keys(entered).length === 0}>Test and replace</Button></Group>}
        </Stack>
      </form>
    </Stack>
  );
}

function Resync({ source }: { source: Source }) {
  const navigate = useNavigate();
  const collections = useQuery(collectionsQuery(source.id));
  const [chosen, setChosen] = useState<string[]>([]);
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const instant = (day: string): string => new Date(day).toISOString();
  const start = useAction(() => answer(api.POST('/api/v1/sources/{id}/resync', {
    params: { path: { id: source.id } }, body: { ...(chosen.length > 0 && { collections: chosen }), ...(from !== '' && { from: instant(from) }), ...(to !== '' && { to: instant(to) }) },
  })), { touches: [['source', source.id]], then: (run) => navigate({ to: '/runs/$runId', params: { runId: run.id } }) });
  return (
    <Stack>
      <div><Title order={2}>Read anew</Title><Text size="sm" c="dimmed">Asks the partner again for whole collections, or for a stretch of time. The rest is not touched; this costs API calls.</Text></div>
      <MultiSelect label="Collections" placeholder={chosen.length === 0 ? 'all that are selected' : undefined} data={(collections.data ?? []).filter(({ selected }) => selected).map(({ name }) => name)} value={chosen} onChange={setChosen} searchable />
      <Group grow><TextInput type="date" label="From" value={from} onChange={(event) => setFrom(event.currentTarget.value)} /><TextInput type="date" label="To" value={to} onChange={(event) => setTo(event.currentTarget.value)} /></Group>
      <Group><Button variant="default" loading={start.isPending} onClick={() => start.mutate(undefined)}>Read anew</Button></Group>
    </Stack>
  );
}

function Replay({ source }: { source: Source }) {
  const navigate = useNavigate();
  const collections = useQuery(collectionsQuery(source.id));
  const retained = useQuery(retainedQuery(source.id));
  const [chosen, setChosen] = useState<string[]>([]);
  const [from, setFrom] = useState('');
  const start = useAction(() => answer(api.POST('/api/v1/sources/{id}/replay', {
    params: { path: { id: source.id } }, body: { ...(chosen.length > 0 && { collections: chosen }), ...(from !== '' && { from: new Date(from).toISOString() }) },
  })), { touches: [['source', source.id]], then: (run) => navigate({ to: '/runs/$runId', params: { runId: run.id } }) });
  return (
    <Stack>
      <div>
        <Title order={2}>Replay</Title>
        <Text size="sm" c="dimmed" component="div">Makes the rows again from what the partner sent, without asking it: no API call. For rows that were lost or changed by hand, or when the connector reads records in another way now.{retained.data !== undefined && <> What came since <Instant at={retained.data.retainedFrom} /> is retained.</>}</Text>
      </div>
      <MultiSelect label="Collections to replay" placeholder={chosen.length === 0 ? 'all that are selected' : undefined} data={(collections.data ?? []).filter(({ selected }) => selected).map(({ name }) => name)} value={chosen} onChange={setChosen} searchable />
      <TextInput type="date" label="Received from" description="Empty: everything that is retained" value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
      <Group><Button variant="default" loading={start.isPending} onClick={() => start.mutate(undefined)}>Replay</Button></Group>
    </Stack>
  );
}

function Remove({ source }: { source: Source }) {
  const navigate = useNavigate();
  const [asks, setAsks] = useState(false);
  const remove = useAction(() => answer(api.DELETE('/api/v1/sources/{id}', { params: { path: { id: source.id } } })), { touches: [['sources']], says: `${source.name} is deleted.`, then: () => navigate({ to: '/sources' }) });
  return (
    <Stack>
      <Title order={2}>Delete</Title>
      <Group><Button color="red" variant="light" onClick={() => setAsks(true)}>Delete this source</Button></Group>
      <Confirm opened={asks} title={`Delete ${source.name}?`} action="Delete for ever" typed={source.name} busy={remove.isPending} close={() => setAsks(false)} confirm={() => remove.mutate(undefined)}>
        Its credentials are erased and nothing is read any more. Its tables stay in the warehouse, and so do its runs.
      </Confirm>
    </Stack>
  );
}
