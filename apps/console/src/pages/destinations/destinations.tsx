import { Anchor, Button, Card, Group, SimpleGrid, Stack, Table, Text, ThemeIcon, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { destinationsQuery } from '../../api/queries';
import { useMay } from '../../api/session';
import { Instant } from '../../parts/instant';
import { count } from '../../parts/numbers';
import { Page } from '../../parts/page';
import { Loaded } from '../../parts/state-view';
import { DestinationStatus, KINDS, kindOf } from './kinds';

/** Where events go besides the warehouse, and where else they can go. */
export function DestinationsPage() {
  const query = useQuery(destinationsQuery);
  const mayEdit = useMay('editor');
  return (
    <Page title="Destinations" lead="Events go to the warehouse, and to each of these. Those about the same person or thing arrive in the order in which they came to us, but for one that was held up for more than half a second on its way. They are sent again while a destination is down, and wait for it for three days.">
      <Loaded query={query}>{(destinations) => (
        <Stack gap="xl">
          {destinations.length === 0 ? <Text>No destination yet.{mayEdit ? ' Choose what kind it is:' : ' Editors of the workspace can add one.'}</Text> : (
            <Table.ScrollContainer minWidth={640}><Table>
              <Table.Thead><Table.Tr><Table.Th>Destination</Table.Th><Table.Th>State</Table.Th><Table.Th>Last delivery</Table.Th><Table.Th ta="right">Waiting</Table.Th><Table.Th ta="right">Failed</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>{destinations.map(({ id, name, kind, state, trouble, lastDeliveredAt, deliveries }) => (
                <Table.Tr key={id}>
                  <Table.Td><Anchor component={Link} to={`/destinations/${id}`} fw={600}>{name}</Anchor><Text size="xs" c="dimmed">{kindOf(kind)?.title}</Text></Table.Td>
                  <Table.Td maw={320}><DestinationStatus state={state} />{trouble !== null && <Text size="xs" mt={4}>{trouble.title}</Text>}</Table.Td>
                  <Table.Td><Instant at={lastDeliveredAt} /></Table.Td>
                  <Table.Td ta="right" className="numbers">{most(deliveries.waiting)}</Table.Td>
                  <Table.Td ta="right" className="numbers">{most(deliveries.failed)}</Table.Td>
                </Table.Tr>
              ))}</Table.Tbody>
            </Table></Table.ScrollContainer>
          )}
          {mayEdit && <section aria-label="Kinds of destinations"><Stack>
            {destinations.length > 0 && <Title order={2}>Add a destination</Title>}
            <SimpleGrid cols={{ base: 1, sm: 2 }}>{KINDS.map(({ kind, title, icon: Sign, about }) => (
              <Card key={kind} withBorder>
                <Stack gap="sm" h="100%" justify="space-between">
                  <div><Group gap="sm" mb="xs"><ThemeIcon variant="light" size="lg"><Sign size={20} aria-hidden /></ThemeIcon><Text fw={600}>{title}</Text></Group><Text size="sm">{about}</Text></div>
                  <Group><Button component={Link} to={`/destinations/new/${kind}`} variant="default" aria-label={`Add: ${title}`}>Add</Button></Group>
                </Stack>
              </Card>
            ))}</SimpleGrid>
          </Stack></section>}
        </Stack>
      )}</Loaded>
    </Page>
  );
}

/** More than 10,000 aren't counted. */
const most = (value: number): string => (value >= 10_000 ? '10,000+' : count(value));
