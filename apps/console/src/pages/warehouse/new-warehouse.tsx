import { Button, Group, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiProblem, answer, api } from '../../api/client';
import { Page } from '../../parts/page';
import { Failed } from '../../parts/state-view';
import { TestResult } from './test-result';

/** Connects a PostgreSQL: tested with each privilege that loading needs, then saved; back to where the person came from. */
export function NewWarehousePage() {
  const { back } = useSearch({ from: '/shell/warehouses/new' });
  const router = useRouter();
  const queries = useQueryClient();
  const form = useForm({ initialValues: { name: 'Warehouse', url: '' } });
  const [key] = useState(() => crypto.randomUUID());
  const test = useMutation({ mutationFn: (url: string) => answer(api.POST('/api/v1/warehouses/test', { body: { url } })) });
  const create = useMutation({
    mutationFn: (body: { name: string; url: string }) => answer(api.POST('/api/v1/warehouses', { params: { header: { 'Idempotency-Key': key } }, body })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['warehouses'] });
      router.history.push(back !== undefined && /^\/(?!\/)/.test(back) ? back : '/warehouses');
    },
  });
  const errorOf = (field: string): string | undefined => (create.error instanceof ApiProblem ? create.error.field(field) : undefined);
  return (
    <Page editorsOnly title="Connect a warehouse" crumbs={[{ title: 'Warehouses', to: '/warehouses' }]} lead="PostgreSQL 14 or newer. Its user must be allowed to create schemas in the database.">
      <form onSubmit={form.onSubmit((values) => create.mutate(values))}>
        <Stack maw={560}>
          <TextInput label="Name" required {...form.getInputProps('name')} error={errorOf('name')} />
          <PasswordInput label="Connection URL" description="Stored encrypted and never shown again" placeholder="postgres://user:password@host:5432/database" required visibilityToggleButtonProps={{ 'aria-label': 'Show the connection URL' }} {...form.getInputProps('url')} error={errorOf('url')} />
          {test.data !== undefined && <TestResult result={test.data} />}
          {test.isError && <Failed error={test.error} />}
          {create.isError && <Failed error={create.error} />}
          <Group><Button type="submit" loading={create.isPending}>Connect</Button><Button variant="default" loading={test.isPending} disabled={form.values.url === ''} onClick={() => test.mutate(form.values.url)}>Test</Button></Group>
        </Stack>
      </form>
    </Page>
  );
}
