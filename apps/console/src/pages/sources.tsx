import { Anchor, Button, Table, Text } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { sourcesQuery } from '../api/queries';
import { useMay } from '../api/session';
import { Instant } from '../parts/instant';
import { Page } from '../parts/page';
import { Empty, Loaded } from '../parts/state-view';
import { Status } from '../parts/status';

const Add = () => <Button component={Link} to="/catalog">Add source</Button>;

/** All sources of the workspace. */
export function SourcesPage() {
  const query = useQuery(sourcesQuery);
  const mayEdit = useMay('editor');
  return (
    <Page title="Sources" actions={mayEdit && <Add />}>
      <Loaded query={query}>{(sources) => sources.length === 0
        ? <Empty icon={IconPlugConnected} title="No source yet" action={mayEdit && <Add />}>A source brings one tool's data in. Choose the tool, enter its credentials, and its rows arrive in your warehouse.</Empty>
        : (
          <Table.ScrollContainer minWidth={640}>
            <Table>
              <Table.Thead><Table.Tr><Table.Th>Source</Table.Th><Table.Th>State</Table.Th><Table.Th>Last run</Table.Th><Table.Th>Fresh as of</Table.Th><Table.Th>Next run</Table.Th></Table.Tr></Table.Thead>
              <Table.Tbody>{sources.map((source) => (
                <Table.Tr key={source.id}>
                  <Table.Td><Anchor component={Link} to={`/sources/${source.id}`} fw={600}>{source.name}</Anchor><Text size="xs" c="dimmed">{source.connector}</Text></Table.Td>
                  <Table.Td><Status state={source.state} />{source.error !== null && <Text size="xs" className="wrap-anywhere">{source.error.title}</Text>}</Table.Td>
                  <Table.Td>{source.lastRunState === null ? 'never' : <Status state={source.lastRunState} />}</Table.Td>
                  <Table.Td><Instant at={source.lastSuccessAt} /></Table.Td>
                  <Table.Td>{source.nextRunAt === null ? '—' : <Instant at={source.nextRunAt} />}</Table.Td>
                </Table.Tr>
              ))}</Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}</Loaded>
    </Page>
  );
}
