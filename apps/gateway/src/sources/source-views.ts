import { Injectable } from '@nestjs/common';
import { WorkspaceRepository, type SourceCollectionEntity, type SourceEntity, type WorkspaceEntity } from '#persistence';
import { dayAt, instantOf } from '#schedule';
import { GatewayConfig } from '../gateway.config.js';
import { collisionWarnings } from '../schedule/collision-warnings.js';
import { ScheduleService, collisionsOf, type WorkspacePlan } from '../schedule/schedule.service.js';
import type { ScheduleWarningDto, ShownScheduleDto, SyncQuotaDto } from './schedule.dto.js';
import type { SourceDto } from './sources.dto.js';
import type { SourceView } from './sources.service.js';

/** Sources as the API shows them: with their schedule, their quota and what to know about both. */
@Injectable()
export class SourceViews {
  constructor(private readonly workspaces: WorkspaceRepository, private readonly schedule: ScheduleService, private readonly config: GatewayConfig) {}

  /** All of one workspace. */
  async show(workspaceId: string, views: readonly SourceView[]): Promise<SourceDto[]> {
    const [workspace, plan] = await Promise.all([this.workspaces.get(workspaceId), this.schedule.plan(workspaceId)]);
    return views.map((view) => this.shown(view, workspace, plan));
  }

  async one(view: SourceView): Promise<SourceDto> { return (await this.show(view.source.workspaceId, [view]))[0] as SourceDto; }

  private shown({ source, collections, health }: SourceView, workspace: WorkspaceEntity, plan: WorkspacePlan): SourceDto {
    const { id, connector, name, slug, warehouseId, state, configuration, startDate, intervalMinutes, nextRunAt, lastRunAt, lastRunState, lastSuccessAt, error, failedRuns, failingSince, warning, pausedReason, dailyCallBudget, partnerReservePercent, createdAt } = source;
    const syncQuota = quotaOf(source, workspace, this.config.syncsPerDay, Date.now());
    return {
      id, connector, name, slug, warehouseId, state, configuration, collections: collections.map(({ collection }) => collection), startDate, intervalMinutes, schedule: scheduleOf(source, collections, workspace),
      nextRunAt: state === 'active' ? nextRunAt : null, lastRunAt, lastRunState, lastSuccessAt, syncQuota, warnings: [...quotaWarnings(source, syncQuota), ...collisionWarnings(collisionsOf(plan, id))], error,
      notices: [warning, ...health.map((one) => one.warning)].filter((one) => one !== null), failedRuns, failingSince, pausedReason, dailyCallBudget, partnerReservePercent, createdAt,
    };
  }
}

function scheduleOf({ scheduleMode: mode, intervalMinutes, scheduleTimes }: SourceEntity, collections: readonly SourceCollectionEntity[], { timeZone }: WorkspaceEntity): ShownScheduleDto {
  return {
    mode, intervalMinutes: mode === 'interval' ? intervalMinutes : null, times: mode === 'times' ? scheduleTimes : [], timeZone,
    collections: collections.flatMap(({ collection, everyMinutes, triedAt }) =>
      (everyMinutes === null ? [] : [{ collection, everyMinutes, dueAt: triedAt === null ? null : new Date(triedAt.getTime() + everyMinutes * 60_000) }])),
  };
}

/** @param fallback the operator's default; 0: any number */
function quotaOf({ syncsDay, syncsUsed }: SourceEntity, { syncsPerDay, timeZone }: WorkspaceEntity, fallback: number, now: number): SyncQuotaDto | null {
  const perDay = syncsPerDay ?? fallback;
  if (perDay === 0) return null;
  const today = dayAt(timeZone, now);
  const { year, month, day } = today;
  return { perDay, used: syncsDay === new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10) ? syncsUsed : 0, resetsAt: new Date(instantOf(timeZone, { ...today, day: day + 1 }, 0)) };
}

function quotaWarnings({ scheduleMode, scheduleTimes, intervalMinutes }: SourceEntity, quota: SyncQuotaDto | null): ScheduleWarningDto[] {
  if (quota === null) return [];
  const planned = scheduleMode === 'times' ? scheduleTimes.length : Math.ceil(1_440 / intervalMinutes);
  return [
    ...(quota.used >= quota.perDay ? [{
      code: 'quota_used_up' as const, at: quota.resetsAt, title: `The plan's ${quota.perDay} syncs of today are used up: no scheduled sync starts before the next day.`,
      remedy: 'Wait until then, sync less often, or ask the operator for more syncs a day.',
    }] : []),
    ...(planned > quota.perDay ? [{
      code: 'more_than_quota' as const, title: `The schedule asks for ${planned} syncs a day; the plan allows ${quota.perDay}. The last ones of each day will not start.`,
      remedy: 'Choose a longer interval or fewer times of day, or ask the operator for more syncs a day.',
    }] : []),
  ];
}
