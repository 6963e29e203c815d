import { Button, Fieldset, Group, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiProblem, answer, api, type Schemas } from '../../api/client';
import { Page } from '../../parts/page';
import { Failed } from '../../parts/state-view';
import { Missing } from '../missing';
import { FilterFields } from './filter-fields';
import { kindOf } from './kinds';
import { SecretOnce } from './secret-once';

/** A new destination: where it is, what it takes, and the secret that it is given. */
export function NewDestinationPage() {
  const info = kindOf(useParams({ from: '/shell/destinations/new/$kind' }).kind);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [name, setName] = useState(info?.title ?? '');
  const [url, setUrl] = useState('');
  const [writeKey, setWriteKey] = useState('');
  const [filter, setFilter] = useState<Schemas['EventFilterDto']>({});
  const [made, setMade] = useState<Schemas['DestinationWithSecretDto']>();
  const [key] = useState(() => crypto.randomUUID());
  const goOn = (id: string): void => { void navigate({ to: '/destinations/$destinationId', params: { destinationId: id } }); };
  const create = useMutation({
    mutationFn: (body: Schemas['CreateDestinationDto']) => answer(api.POST('/api/v1/destinations', { params: { header: { 'Idempotency-Key': key } }, body })),
    onSuccess: async (created) => {
      await queries.invalidateQueries({ queryKey: ['destinations'] });
      if (created.secret === null) goOn(created.id); else setMade(created);
    },
  });
  if (info === undefined) return <Missing />;
  const { kind } = info;
  const errorOf = (field: string): string | undefined => (create.error instanceof ApiProblem ? create.error.field(field) : undefined);
  // What is said beside a field isn't said again.
  const isShown = create.error instanceof ApiProblem && (create.error.problem.errors ?? []).some(({ field }) => ['name', 'url', 'secret', 'filter.sources', 'filter.events', 'filter.condition'].includes(field));
  return (
    <Page editorsOnly title={`Add: ${info.title}`} crumbs={[{ title: 'Destinations', to: '/destinations' }]} lead="It gets the events that arrive from now on.">
      <form onSubmit={(event) => { event.preventDefault(); create.mutate({ kind, name, url, filter: cleaned(filter), ...(kind === 'segment' && { secret: writeKey }) }); }}>
        <Stack maw={640}>
          <TextInput label="Name" required maxLength={200} value={name} onChange={(event) => setName(event.currentTarget.value)} error={errorOf('name')} />
          <TextInput label={info.url} description={info.urlHelp} type="url" required maxLength={2_000} placeholder={info.placeholder} value={url} onChange={(event) => setUrl(event.currentTarget.value)} error={errorOf('url')} />
          {kind === 'segment' && <PasswordInput label="Write key" description="Of the HTTP API source that you made there. Stored encrypted, never shown again" required autoComplete="off" visibilityToggleButtonProps={{ 'aria-label': 'Show the write key' }} value={writeKey} onChange={(event) => setWriteKey(event.currentTarget.value)} error={errorOf('secret')} />}
          <Fieldset legend="Which events"><FilterFields filter={filter} change={setFilter} error={errorOf} /></Fieldset>
          {create.isError && !isShown && <Failed error={create.error} />}
          <Group><Button type="submit" loading={create.isPending}>Create</Button></Group>
        </Stack>
      </form>
      <SecretOnce secret={made?.secret ?? null} close={() => made !== undefined && goOn(made.id)} />
    </Page>
  );
}

/** Without what says nothing. */
export const cleaned = ({ sources, events, condition }: Schemas['EventFilterDto']): Schemas['EventFilterDto'] => ({
  ...(sources !== undefined && sources.length > 0 && { sources }), ...(events !== undefined && events.length > 0 && { events }), ...(condition !== undefined && condition.trim() !== '' && { condition }),
});
