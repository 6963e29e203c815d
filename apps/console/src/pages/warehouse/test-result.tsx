import { Alert, List, Text } from '@mantine/core';
import type { Schemas } from '../../api/client';

type Problems = Schemas['WarehouseTestDto']['problems'];

const listed = (problems: Problems) => <List size="sm">{problems.map(({ problem, remedy }) => <List.Item key={problem}>{problem}{remedy !== undefined && <Text size="sm" className="mono wrap-anywhere">{remedy}</Text>}</List.Item>)}</List>;

/** Whether a warehouse can be loaded, and whether people can run SQL in it. */
export function TestResult({ result: { ok, problems, sqlProblems } }: { result: Schemas['WarehouseTestDto'] }) {
  return (
    <>
      {ok ? <Alert color="teal" title="It works">Every privilege that loading needs is there.</Alert> : <Alert color="red" title="It can't be loaded yet">{listed(problems)}</Alert>}
      {sqlProblems.length > 0 && <Alert color="orange" title="SQL, traits and audiences can't be used yet">{listed(sqlProblems)}</Alert>}
    </>
  );
}
