import { Alert, Button, Group, Kbd, Menu, Modal, Stack, Tabs, Text, TextInput } from '@mantine/core';
import { IconChevronDown, IconDeviceFloppy, IconLock, IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answer, api, problemOf } from '../../api/client';
import { useMay } from '../../api/session';
import { useAction } from '../../parts/action';
import { done, failed } from '../../parts/notify';
import { Empty, Failed, Loading } from '../../parts/state-view';
import { History, Saved } from './kept';
import { ResultView } from './result-view';
import { useQueryRun } from './run';
import { SqlEditor } from './sql-editor';

const draftOf = (warehouseId: string): string => `sql:${warehouseId}`;

/** Reads the warehouse with SQL. */
export function SqlTab() {
  const { warehouseId } = useParams({ from: '/shell/warehouses/$warehouseId/sql' });
  const mayRun = useMay('editor');
  return mayRun ? <Sql warehouseId={warehouseId} /> : <Empty icon={IconLock} title="SQL is for editors">It reads every row of the workspace. Ask an owner for the role, or look at the tables, traits and audiences.</Empty>;
}

function Sql({ warehouseId }: { warehouseId: string }) {
  const [statement, setStatementOnly] = useState(() => localStorage.getItem(draftOf(warehouseId)) ?? '');
  const [tab, setTab] = useState<string | null>('result');
  const query = useQueryRun(warehouseId);
  const setStatement = (text: string): void => { setStatementOnly(text); localStorage.setItem(draftOf(warehouseId), text); };
  const empty = statement.trim() === '';
  const run = (): void => { if (!empty) { setTab('result'); void query.run(statement); } };
  const choose = (text: string): void => { setStatement(text); setTab('result'); };
  const { position } = query.error === undefined ? {} : problemOf(query.error);
  return (
    <Stack>
      <SqlEditor label="SQL" warehouseId={warehouseId} value={statement} onChange={setStatement} onRun={run} wrongAt={position} />
      <Group justify="space-between">
        <Group gap="xs">
          <Button leftSection={<IconPlayerPlay size={16} />} disabled={empty || query.running} onClick={run}>Run</Button>
          {query.running && <Button variant="default" leftSection={<IconPlayerStop size={16} />} onClick={query.cancel}>Cancel</Button>}
          <Text size="sm" c="dimmed" visibleFrom="sm"><Kbd>Ctrl</Kbd> + <Kbd>Enter</Kbd> runs it</Text>
        </Group>
        <Group gap="xs"><Save warehouseId={warehouseId} statement={statement} /><Export warehouseId={warehouseId} statement={statement} /></Group>
      </Group>
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List><Tabs.Tab value="result">Result</Tabs.Tab><Tabs.Tab value="history">History</Tabs.Tab><Tabs.Tab value="saved">Saved</Tabs.Tab></Tabs.List>
        <Tabs.Panel value="result" pt="md">
          {query.running && <Loading rows={5} />}
          {query.cancelled && <Alert color="gray" title="Cancelled">The warehouse has stopped it too.</Alert>}
          {query.error !== undefined && <Failed error={query.error} />}
          {query.result !== undefined && <ResultView key={query.result.id} result={query.result} />}
          {!query.running && !query.cancelled && query.error === undefined && query.result === undefined && (
            <Text c="dimmed" size="sm">Queries run as a login that can read this workspace's tables and nothing else: nothing that you write here can change a row.</Text>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="history" pt="md"><History warehouseId={warehouseId} choose={choose} /></Tabs.Panel>
        <Tabs.Panel value="saved" pt="md"><Saved warehouseId={warehouseId} choose={choose} /></Tabs.Panel>
      </Tabs>
    </Stack>
  );
}

function Save({ warehouseId, statement }: { warehouseId: string; statement: string }) {
  const [opened, setOpened] = useState(false);
  const [name, setName] = useState('');
  const save = useAction((body: { name: string; statement: string }) => answer(api.PUT('/api/v1/warehouses/{id}/saved-queries', { params: { path: { id: warehouseId } }, body })), {
    touches: [['warehouse', warehouseId, 'saved-queries']], says: 'Saved for everybody who may run SQL.', then: () => setOpened(false),
  });
  return (
    <>
      <Button variant="default" leftSection={<IconDeviceFloppy size={16} />} disabled={statement.trim() === ''} onClick={() => setOpened(true)}>Save</Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title="Save this query" centered closeButtonProps={{ 'aria-label': 'Close' }}>
        <form onSubmit={(event) => { event.preventDefault(); save.mutate({ name, statement }); }}>
          <Stack>
            <TextInput label="Name" description="A query of that name is replaced" required maxLength={200} data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
            <Group justify="flex-end"><Button variant="default" onClick={() => setOpened(false)}>Cancel</Button><Button type="submit" loading={save.isPending}>Save the query</Button></Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}

function Export({ warehouseId, statement }: { warehouseId: string; statement: string }) {
  const [busy, setBusy] = useState(false);
  const save = async (format: 'csv' | 'json'): Promise<void> => {
    setBusy(true);
    try {
      const params = { path: { id: warehouseId } };
      let queryId = '';
      const file = await answer(api.POST('/api/v1/warehouses/{id}/export', { params, body: { statement, format }, parseAs: 'blob' }).then((got) => { queryId = got.response.headers.get('x-query-id') ?? ''; return got; }));
      const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(file as unknown as Blob), download: `query.${format}` });
      link.click();
      URL.revokeObjectURL(link.href);
      const { data } = await answer(api.GET('/api/v1/warehouses/{id}/queries', { params: { path: { id: warehouseId }, query: { limit: 20 } } }));
      const ran = data.find(({ id }) => id === queryId);
      done(ran?.truncated === true ? `The file ends after ${ran.rowCount} rows: that is the limit of an export.` : `The file has ${ran?.rowCount ?? 'all'} rows.`);
    } catch (error) {
      failed(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Menu>
      <Menu.Target><Button variant="default" loading={busy} disabled={statement.trim() === ''} rightSection={<IconChevronDown size={16} />}>Export</Button></Menu.Target>
      <Menu.Dropdown><Menu.Item onClick={() => void save('csv')}>CSV</Menu.Item><Menu.Item onClick={() => void save('json')}>JSON</Menu.Item></Menu.Dropdown>
    </Menu>
  );
}
