import type { Notice } from '#contracts';
import type { DataSource } from 'typeorm';
import { jsonb, rows } from './database.js';
import { putNotification } from './notification.repository.js';

/** When a source that keeps failing is warned of, and when it is paused. */
export interface PauseRule {
  /** Failed runs in a row. */
  readonly warnAfter: number;
  /** Failed runs in a row, which also lasted at least `minHours`: an outage of a night pauses nobody. */
  readonly pauseAfter: number;
  readonly minHours: number;
  /** Failing for so long pauses too, after as many runs as it takes to be warned of. */
  readonly pauseAfterDays: number;
}

/** Sources whose runs fail again and again. */
export class HealthRepository {
  constructor(private readonly database: DataSource) {}

  /** Warns first, pauses later. @returns how many were warned of and how many paused */
  async judge({ warnAfter, pauseAfter, minHours, pauseAfterDays }: PauseRule): Promise<{ readonly warned: number; readonly paused: number }> {
    const at = new Date().toISOString();
    const lasts = `extract(epoch from now() - failing_since)`;
    const warning: Notice = {
      code: 'failing_repeatedly', at, title: `The last runs of this source have failed, at least ${warnAfter} in a row.`,
      remedy: `Look at the newest run and do what its error says. The source is paused by itself after ${pauseAfter} failed runs in a row over at least ${minHours} h, or after ${pauseAfterDays} days.`,
    };
    const warned = await rows(this.database, `
      update sources set warning = $2::jsonb where state = 'active' and deleted_at is null and failed_runs >= $1 and warning is null returning 1`, [warnAfter, jsonb(warning)]);
    const reason: Omit<Notice, 'title'> = {
      code: 'paused_automatically', at, remedy: 'Look at the newest run and do what its error says, test the credentials, then resume the source. Nothing is lost: the next run goes on from the checkpoint.',
    };
    const paused = await rows<{ id: string; reason: Notice }>(this.database, `
      update sources set state = 'paused', warning = null, paused_reason = $5::jsonb || jsonb_build_object('title',
        format('Paused by itself: %s runs in a row have failed, since %s.', failed_runs, to_char(failing_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')))
      where state = 'active' and deleted_at is null and warning is not null and not exists (select from runs where source_id = sources.id and state in ('queued', 'running', 'deferred'))
        and ((failed_runs >= $1 and ${lasts} >= $2 * 3600) or (failed_runs >= $3 and ${lasts} >= $4 * 86400))
      returning id, paused_reason as reason`, [pauseAfter, minHours, warnAfter, pauseAfterDays, jsonb(reason)]);
    for (const { id, reason: { title, remedy } } of paused) await putNotification(this.database, { sourceId: id, runId: null, kind: 'paused', title, remedy });
    return { warned: warned.length, paused: paused.length };
  }
}
