import { Badge, Checkbox, Group, Stack, Text } from '@mantine/core';
import type { Schemas } from '../../api/client';

type Template = Schemas['TemplateDto'];

/** Templates of one connector to tick; those whose collections aren't brought can't be. */
export function TemplateChoice({ templates, collections, chosen, change }: { templates: readonly Template[]; collections: readonly string[]; chosen: readonly string[]; change: (names: string[]) => void }) {
  return (
    <Stack gap="md">{templates.map(({ name, kind, title, description, collections: needs }) => {
      const missing = needs.filter((collection) => !collections.includes(collection));
      return (
        <Checkbox
          key={name} checked={chosen.includes(name)} disabled={missing.length > 0} onChange={() => change(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name])}
          label={<Group gap="xs" component="span">{title} <Badge variant="light" tt="none" component="span" color={kind === 'metric' ? 'cyan' : 'violet'}>{kind}</Badge></Group>}
          description={<>{description}{missing.length > 0 && <Text span inherit className="warns"> Needs {missing.join(', ')}, which this source doesn't bring.</Text>}</>}
        />
      );
    })}</Stack>
  );
}
