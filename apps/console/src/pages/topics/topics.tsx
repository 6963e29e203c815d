import { Accordion, Anchor, Badge, Code, Group, Select, Stack, Tabs, Text, TextInput } from '@mantine/core';
import { IconSearchOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Page } from '../../parts/page';
import { Copyable } from '../../parts/copyable';
import { Empty, Loaded } from '../../parts/state-view';
import { SNIPPETS } from './snippets';

interface Schema { readonly title?: string; readonly description?: string; readonly 'x-columns'?: Readonly<Record<string, { readonly type?: readonly string[]; readonly format?: string }>> }
interface AsyncApi {
  readonly channels: Readonly<Record<string, { readonly address: string; readonly description: string }>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const SHOWN = 100;

const typeOf = ({ type, format }: { type?: readonly string[]; format?: string }): string => format ?? type?.find((one) => one !== 'null') ?? 'any JSON';

/** What downstream teams may consume: each topic with its columns and a consumer in four languages. */
export function TopicsPage() {
  const [search, setSearch] = useState('');
  const [kind, setKind] = useState('all');
  const query = useQuery({
    queryKey: ['asyncapi'], staleTime: 300_000,
    queryFn: async (): Promise<AsyncApi> => {
      const response = await fetch('/api/docs/asyncapi.json');
      if (!response.ok) throw new Error(`asyncapi.json: ${response.status}`);
      return await response.json() as AsyncApi;
    },
  });
  return (
    <Page title="Topics" lead="What other teams may read with their own Kafka clients. The contract is also an AsyncAPI document.">
      <Group>
        <TextInput flex="1 1 240px" aria-label="Search topics" placeholder="Search topics" value={search} onChange={(event) => setSearch(event.currentTarget.value)} />
        <Select aria-label="Kind" value={kind} allowDeselect={false} onChange={(value) => setKind(value ?? 'all')} data={[{ value: 'all', label: 'Objects and events' }, { value: 'objects.', label: 'Objects' }, { value: 'events.', label: 'Events' }]} />
        <Anchor href="/api/docs/asyncapi.json" download>AsyncAPI document</Anchor>
      </Group>
      <Loaded query={query} rows={8}>{({ channels, components }) => {
        const shown = Object.entries(channels).filter(([, { address, description }]) => `${address} ${description}`.toLowerCase().includes(search.toLowerCase()) && (kind === 'all' || address.includes(kind)));
        if (shown.length === 0) return <Empty icon={IconSearchOff} title="No topic fits">Try another word.</Empty>;
        return (
          <Accordion variant="separated" chevronPosition="left">
            {shown.slice(0, SHOWN).map(([id, { address, description }]) => (
              <Accordion.Item key={id} value={id}>
                <Accordion.Control><Group gap="xs"><span className="mono wrap-anywhere">{address}</span><Badge variant="light" tt="none" color={address.includes('objects.') ? 'cyan' : 'violet'}>{address.includes('objects.') ? 'objects' : 'events'}</Badge></Group></Accordion.Control>
                <Accordion.Panel><Topic address={address} description={description} schema={components.schemas[id] ?? {}} /></Accordion.Panel>
              </Accordion.Item>
            ))}
          </Accordion>
        );
      }}</Loaded>
    </Page>
  );
}

function Topic({ address, description, schema }: { address: string; description: string; schema: Schema }) {
  const columns = Object.entries(schema['x-columns'] ?? {});
  return (
    <Stack gap="sm">
      <Text size="sm">{description}</Text>
      <Copyable value={address} label="the topic's name" />
      {columns.length > 0 && <Text size="sm"><b>Columns</b> {columns.map(([name, type]) => `${name} (${typeOf(type)})`).join(', ')}</Text>}
      <Tabs defaultValue="typescript" keepMounted={false}>
        <Tabs.List>{SNIPPETS.map(({ language, title }) => <Tabs.Tab key={language} value={language}>{title}</Tabs.Tab>)}</Tabs.List>
        {SNIPPETS.map(({ language, code }) => <Tabs.Panel key={language} value={language} pt="xs"><Code block tabIndex={0}>{code(address)}</Code></Tabs.Panel>)}
      </Tabs>
    </Stack>
  );
}
