import { Anchor, Code, List, MultiSelect, Spoiler, Stack, TagsInput, Text, Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../../api/client';
import { sourcesQuery } from '../../api/queries';

type Filter = Schemas['EventFilterDto'];

/** Names that the partners of the catalog often send, to begin with. */
const USUAL = ['customer_*', 'customer_subscription_*', 'invoice_*', 'charge_*', 'payment_intent_*', 'ticket_*', 'audience_*'];
const EXAMPLE = 'object.amount >= 1000 and object.currency in ["eur", "usd"]';

/** Which events a destination gets. */
export function FilterFields({ filter, change, error, disabled = false }: { filter: Filter; change: (filter: Filter) => void; error: (field: string) => string | undefined; disabled?: boolean }) {
  const { data: sources = [] } = useQuery(sourcesQuery);
  return (
    <Stack>
      <MultiSelect label="Sources" description="None chosen: all of them" searchable clearable disabled={disabled} data={sources.map(({ id, name }) => ({ value: id, label: name }))} value={filter.sources ?? []} onChange={(value) => change({ ...filter, sources: value })} error={error('filter.sources')} />
      <TagsInput label="Events" description="Names such as invoice_paid, with * for anything; none: all events. Press Enter after each" clearable disabled={disabled} data={USUAL} value={filter.events ?? []} onChange={(value) => change({ ...filter, events: value })} error={error('filter.events')} />
      <Textarea label="Condition" description="On an event's properties; empty: none" autosize minRows={2} maxLength={2_000} placeholder={EXAMPLE} classNames={{ input: 'mono' }} spellCheck={false} disabled={disabled} value={filter.condition ?? ''} onChange={(event) => change({ ...filter, condition: event.currentTarget.value })} error={error('filter.condition')} />
      <Spoiler maxHeight={0} fz="sm" showLabel="How a condition is written" hideLabel="Hide it">
        <List size="sm" spacing={4}>
          <List.Item><Code>plan = "gold"</Code>, <Code>!=</Code>, <Code>&lt;</Code>, <Code>&lt;=</Code>, <Code>&gt;</Code>, <Code>&gt;=</Code> with a text in double quotes, a number, true, false or null</List.Item>
          <List.Item><Code>currency in ["eur", "usd"]</Code>, <Code>email exists</Code></List.Item>
          <List.Item><Code>email ends with "@example.com"</Code>, <Code>starts with</Code>, <Code>contains</Code> (also an item of a list)</List.Item>
          <List.Item>joined by <Code>and</Code>, <Code>or</Code>, <Code>not</Code> and brackets; parts of an object by dots: <Code>object.plan.name</Code></List.Item>
        </List>
        <Text size="sm" mt="xs">The properties of an event are what stands in its <Code>data</Code>: the <Anchor href="/topics" inherit>topics</Anchor> show samples.</Text>
      </Spoiler>
    </Stack>
  );
}
