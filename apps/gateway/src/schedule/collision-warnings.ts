import type { ScheduleWarningDto } from '../sources/schedule.dto.js';
import type { Collisions } from './schedule.service.js';

/** In words that say what to do. */
export function collisionWarnings(met: Collisions | undefined): ScheduleWarningDto[] {
  if (met === undefined) return [];
  const { others, named, togetherAt, busyAt, busyRuns } = met;
  const more = others > named.length ? ` and ${others - named.length} more` : '';
  return [
    ...(togetherAt === undefined ? [] : [{
      code: 'runs_together' as const, at: togetherAt, title: `Runs at the same time as ${named.join(', ')}${more}.`,
      remedy: 'Move one of them to a quieter minute (the schedule suggests one).',
    }]),
    ...(busyAt === undefined ? [] : [{
      code: 'busy_hours' as const, at: busyAt, title: `${busyRuns === 1 ? 'One run' : `${busyRuns} runs`} of the next 24 hours ${busyRuns === 1 ? 'falls' : 'fall'} into the warehouse's busy hours.`,
      remedy: 'Choose preferred times outside of them, or a longer interval with another start.',
    }]),
  ];
}
