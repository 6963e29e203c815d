import { Group, Text, ThemeIcon } from '@mantine/core';
import { IconArrowRight, IconCheck, IconHourglass, IconQuestionMark } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Fragment } from 'react';
import { arrivalQuery } from '../../api/queries';
import { counted } from '../../parts/numbers';
import type { Run } from './run';

interface Step { readonly state: 'done' | 'going' | 'unknown'; readonly text: string }

const LOOKS = { done: ['teal', IconCheck], going: ['cyan', IconHourglass], unknown: ['gray', IconQuestionMark] } as const;

/** Raw → normalised → warehouse: what has arrived where. */
export function Arrival({ run }: { run: Run }) {
  const { data } = useQuery(arrivalQuery(run.id));
  if (data === undefined) return null;
  const over = run.finishedAt !== null;
  const steps: readonly Step[] = [
    { state: over ? 'done' : 'going', text: `${counted(data.records, 'record')} read` },
    data.pagesOnTheWay > 0 ? { state: 'going', text: `normalising: at most ${counted(data.pagesOnTheWay, 'page')} to go` } : { state: over ? 'done' : 'going', text: over ? 'all normalised' : 'normalised so far' },
    ...data.warehouses.map(({ name, onTheWay }): Step => onTheWay === null ? { state: 'unknown', text: `${name} doesn't answer; nothing is lost` }
      : data.pagesOnTheWay > 0 || !over ? { state: 'going', text: `then into ${name}` }
        // Marks of transactions are among the offsets between.
        : onTheWay > 0 ? { state: 'going', text: `at most ${counted(Math.min(onTheWay, data.records), 'record')} on the way into ${name}` } : { state: 'done', text: `all in ${name}` }),
  ];
  return (
    <Group gap="xs" role="status" aria-label="What has arrived">
      {steps.map(({ state, text }, index) => {
        const [color, Sign] = LOOKS[state];
        return (
          <Fragment key={text}>
            {index > 0 && <IconArrowRight size={16} aria-hidden />}
            <Group gap={6} wrap="nowrap"><ThemeIcon size="sm" radius="xl" color={color} variant="light"><Sign size={14} aria-hidden /></ThemeIcon><Text size="sm">{text}</Text></Group>
          </Fragment>
        );
      })}
    </Group>
  );
}
