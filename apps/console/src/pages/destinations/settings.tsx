import { Button, Group, PasswordInput, Select, Stack, TagsInput, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiProblem, answer, api, type Schemas } from '../../api/client';
import { destinationQuery } from '../../api/queries';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { Confirm } from '../../parts/confirm';
import { Loaded } from '../../parts/state-view';
import { FilterFields } from './filter-fields';
import { kindOf } from './kinds';
import { cleaned } from './new-destination';
import { SecretOnce } from './secret-once';

type Destination = Schemas['DestinationDto'];

/** Where a destination is, what it gets, its secret, its end. */
export function DestinationSettingsTab() {
  const { destinationId } = useParams({ from: '/shell/destinations/$destinationId' });
  const mayEdit = useMay('editor');
  return <Loaded query={useQuery(destinationQuery(destinationId))}>{(destination) => (
    <Stack gap="xl" maw={640}>
      <ChangeForm key={JSON.stringify([destination.name, destination.url, destination.filter, destination.subject])} destination={destination} mayEdit={mayEdit} />
      {mayEdit && <><Secret destination={destination} /><End destination={destination} /></>}
    </Stack>
  )}</Loaded>;
}

function ChangeForm({ destination, mayEdit }: { destination: Destination; mayEdit: boolean }) {
  const info = kindOf(destination.kind);
  const [name, setName] = useState(destination.name);
  const [url, setUrl] = useState(destination.url);
  const [filter, setFilter] = useState(destination.filter);
  const [subject, setSubject] = useState(destination.subject);
  const save = useAction(() => answer(api.PATCH('/api/v1/destinations/{id}', { params: { path: { id: destination.id } }, body: { name, url, filter: cleaned(filter), subject } })), { touches: [['destination', destination.id], ['destinations']], says: 'Saved. Its filter is for events that arrive from now on.' });
  const errorOf = (field: string): string | undefined => (save.error instanceof ApiProblem ? save.error.field(field) : undefined);
  return (
    <form onSubmit={(event) => { event.preventDefault(); save.mutate(undefined); }}>
      <Stack>
        <TextInput label="Name" required maxLength={200} disabled={!mayEdit} value={name} onChange={(event) => setName(event.currentTarget.value)} error={errorOf('name')} />
        <TextInput label={info?.url ?? 'URL'} description={info?.urlHelp} type="url" required maxLength={2_000} disabled={!mayEdit} value={url} onChange={(event) => setUrl(event.currentTarget.value)} error={errorOf('url')} />
        <Title order={2}>Which events</Title>
        <FilterFields filter={filter} change={setFilter} error={errorOf} disabled={!mayEdit} />
        <TagsInput label="Whom an event is about" description="Properties, the first one that holds something counts. Events about the same one arrive one after the other; a tracking API gets it as userId" disabled={!mayEdit} value={subject} onChange={setSubject} error={errorOf('subject')} />
        {mayEdit && <Group><Button type="submit" loading={save.isPending}>Save</Button></Group>}
      </Stack>
    </form>
  );
}

const OVERLAPS = [{ value: '24', label: 'for a day' }, { value: '168', label: 'for a week' }, { value: '0', label: 'not any more: it got into the wrong hands' }];

function Secret({ destination: { id, kind } }: { destination: Destination }) {
  const [overlap, setOverlap] = useState('24');
  const [writeKey, setWriteKey] = useState('');
  const [made, setMade] = useState<string | null>(null);
  const rotate = useAction((secret: string | undefined) => answer(api.POST('/api/v1/destinations/{id}/rotate-secret', { params: { path: { id } }, body: { overlapHours: Number(overlap), ...(secret !== undefined && { secret }) } })), {
    touches: [['destination', id]], ...(kind === 'segment' && { says: 'The new write key is used from now on.' }), then: ({ secret }) => { setMade(secret); setWriteKey(''); },
  });
  if (kind === 'segment') {
    return (
      <form onSubmit={(event) => { event.preventDefault(); rotate.mutate(writeKey); }}><Stack>
        <Title order={2}>Write key</Title>
        <Group align="flex-end"><PasswordInput flex="1 1 280px" label="New write key" required autoComplete="off" visibilityToggleButtonProps={{ 'aria-label': 'Show the write key' }} value={writeKey} onChange={(event) => setWriteKey(event.currentTarget.value)} /><Button type="submit" variant="default" loading={rotate.isPending} disabled={writeKey === ''}>Store</Button></Group>
      </Stack></form>
    );
  }
  return (
    <Stack>
      <div><Title order={2}>Signing secret</Title><Text size="sm" c="dimmed">A new one can be made without a request refused: each is signed with both while the one before is still good.</Text></div>
      <Group align="flex-end"><Select label="The one before is good" flex="1 1 280px" allowDeselect={false} data={OVERLAPS} value={overlap} onChange={(value) => setOverlap(value ?? '24')} /><Button variant="default" loading={rotate.isPending} onClick={() => rotate.mutate(undefined)}>Make a new secret</Button></Group>
      <SecretOnce secret={made} close={() => setMade(null)} />
    </Stack>
  );
}

function End({ destination: { id, name } }: { destination: Destination }) {
  const [asks, setAsks] = useState(false);
  const navigate = useNavigate();
  const remove = useAction(() => answer(api.DELETE('/api/v1/destinations/{id}', { params: { path: { id } } })), { touches: [['destinations']], then: () => navigate({ to: '/destinations' }) });
  return (
    <Stack>
      <Title order={2}>Delete</Title>
      <Group><Button color="red" variant="light" onClick={() => setAsks(true)}>Delete this destination</Button></Group>
      <Confirm opened={asks} title={`Delete ${name}?`} action="Delete" typed={name} busy={remove.isPending} close={() => setAsks(false)} confirm={() => remove.mutate(undefined)}>What waits for it is not sent, and its delivery log goes with it. Disable it to keep both.</Confirm>
    </Stack>
  );
}
