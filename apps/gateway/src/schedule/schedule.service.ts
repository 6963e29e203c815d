import { Injectable } from '@nestjs/common';
import { SourceRepository, WarehouseRepository, WorkspaceRepository, type BusyHours, type PlannedRow } from '#persistence';
import { DayPlan, isWithin, suggestStart, type PlannedSource, type Suggestion } from '#schedule';

const MINUTE_MS = 60_000;
/** What a run is taken to be until one has succeeded. */
const UNKNOWN = { expectedMs: MINUTE_MS, expectedCalls: 10 };

export interface WarehouseHours { readonly id: string; readonly name: string; readonly busyHours: readonly BusyHours[] }

/** The plan of a workspace's next 24 hours. */
export interface WorkspacePlan { readonly day: DayPlan; readonly timeZone: string; readonly sources: readonly (PlannedRow & PlannedSource)[]; readonly warehouses: readonly WarehouseHours[] }

/** What a source's schedule meets. */
export interface Collisions { readonly others: readonly string[]; readonly togetherAt: Date | undefined; readonly busyAt: Date | undefined; readonly busyRuns: number }

@Injectable()
export class ScheduleService {
  constructor(private readonly sources: SourceRepository, private readonly warehouses: WarehouseRepository, private readonly workspaces: WorkspaceRepository) {}

  /** @param without a source that is left out */
  async plan(workspaceId: string, without?: string): Promise<WorkspacePlan> {
    const [rows, all, { timeZone }] = await Promise.all([this.sources.planned(workspaceId), this.warehouses.list(workspaceId, 1_000), this.workspaces.get(workspaceId)]);
    const sources = rows.filter(({ id }) => id !== without).map((row) => ({ ...row, expectedMs: row.expectedMs ?? UNKNOWN.expectedMs, expectedCalls: row.expectedCalls ?? UNKNOWN.expectedCalls }));
    const warehouses = all.filter(({ enabled }) => enabled).map(({ id, name, busyHours }) => ({ id, name, busyHours }));
    return { timeZone, sources, warehouses, day: new DayPlan(sources, Date.now()) };
  }

  /** @param everyMinutes a day for one run a day @param source that is to be moved: it doesn't stand in its own way, and its runs are taken to be what they were */
  async suggest(workspaceId: string, everyMinutes: number, { warehouseId, sourceId }: { readonly warehouseId?: string; readonly sourceId?: string }): Promise<Suggestion & { readonly timeZone: string }> {
    const plan = await this.plan(workspaceId, sourceId);
    const moved = sourceId === undefined ? undefined : (await this.sources.planned(workspaceId)).find(({ id }) => id === sourceId);
    const hours = hoursOf(plan, warehouseId ?? moved?.warehouseId ?? undefined);
    const suggestion = suggestStart(plan.day, { everyMinutes, expectedMs: moved?.expectedMs ?? UNKNOWN.expectedMs, isBusy: (instant) => isWithin(hours, plan.timeZone, instant) });
    return { ...suggestion, timeZone: plan.timeZone };
  }
}

/** A warehouse's busy hours; without one those of all. */
const hoursOf = ({ warehouses }: WorkspacePlan, warehouseId: string | undefined): readonly BusyHours[] =>
  warehouses.filter(({ id }) => warehouseId === undefined || id === warehouseId).flatMap(({ busyHours }) => busyHours);

/** Undefined when nothing of the source is planned. */
export function collisionsOf(plan: WorkspacePlan, sourceId: string): Collisions | undefined {
  const source = plan.sources.find(({ id }) => id === sourceId);
  if (source === undefined) return undefined;
  const { others, at } = plan.day.together(sourceId);
  const hours = source.warehouseId === null ? [] : hoursOf(plan, source.warehouseId);
  const busy = (plan.day.runs.get(sourceId) ?? []).filter((instant) => isWithin(hours, plan.timeZone, instant));
  return { others: others.map((other) => plan.sources.find(({ id }) => id === other)?.name ?? other), togetherAt: at === undefined ? undefined : new Date(at), busyAt: busy[0] === undefined ? undefined : new Date(busy[0]), busyRuns: busy.length };
}
