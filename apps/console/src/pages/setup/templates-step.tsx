import { Button, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Loaded } from '../../parts/state-view';
import { TemplateChoice } from '../measures/template-choice';
import { templatesQuery } from '../measures/requests';
import type { Draft } from './draft';
import type { Entry } from './setup';

/** Metrics and segments to begin with; made once the source is there. */
export function TemplatesStep({ entry, draft, change, next }: { entry: Entry; draft: Draft; change: (part: Partial<Draft>) => void; next: () => void }) {
  const query = useQuery(templatesQuery);
  return (
    <Stack maw={640} pt="md">
      <Text>Choose what you want to see from the first sync on. Each is SQL that you can change afterwards; none is needed.</Text>
      <Loaded query={query}>{(all) => <TemplateChoice templates={all.filter(({ connector }) => connector === entry.name)} collections={draft.collections ?? []} chosen={draft.templates ?? []} change={(templates) => change({ templates })} />}</Loaded>
      <Group><Button onClick={next}>{(draft.templates ?? []).length === 0 ? 'Go on without' : 'Go on'}</Button></Group>
    </Stack>
  );
}
