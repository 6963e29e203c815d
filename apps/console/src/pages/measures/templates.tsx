import { Alert, Button, Group, Select, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { answer, api } from '../../api/client';
import { sourcesQuery } from '../../api/queries';
import { useAction } from '../../parts/action';
import { counted } from '../../parts/numbers';
import { Page } from '../../parts/page';
import { Loaded } from '../../parts/state-view';
import { WORDS, templatesQuery } from './requests';
import { TemplateChoice } from './template-choice';

/** Templates of a source that is there already. */
export function TemplatesPage() {
  const { kind = 'metric' } = useSearch({ from: '/shell/templates' });
  const { title, to } = WORDS[kind];
  const navigate = useNavigate();
  const sources = useQuery(sourcesQuery);
  const templates = useQuery(templatesQuery);
  const [sourceId, setSourceId] = useState<string | null>(null);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const use = useAction((body: { sourceId: string; templates: string[] }) => answer(api.POST('/api/v1/templates', { body })), { touches: [['measures']], says: 'They are measured within moments.', then: () => navigate({ to }) });
  return (
    <Page title="Templates" crumbs={[{ title, to }]} lead="Metrics and segments that work at once with a source's tables. Change them afterwards as you like.">
      <Loaded query={sources}>{(all) => {
        const source = all.find(({ id }) => id === sourceId) ?? all[0];
        if (source === undefined) return <Alert color="yellow" title="Connect a source first">Templates read a source's tables.</Alert>;
        const fitting = (templates.data ?? []).filter(({ connector }) => connector === source.connector);
        return (
          <Stack maw={640}>
            <Select label="Source" allowDeselect={false} data={all.map(({ id, name }) => ({ value: id, label: name }))} value={source.id} onChange={(id) => { setSourceId(id); setChosen([]); }} />
            <TemplateChoice templates={fitting} collections={source.collections} chosen={chosen} change={setChosen} />
            <Group><Button disabled={chosen.length === 0} loading={use.isPending} onClick={() => use.mutate({ sourceId: source.id, templates: [...chosen] })}>{chosen.length === 0 ? 'Make them' : `Make ${counted(chosen.length, 'template')}`}</Button></Group>
          </Stack>
        );
      }}</Loaded>
    </Page>
  );
}
