import { Injectable } from '@nestjs/common';
import { SourceRepository, WarehouseRepository, WorkspaceRepository, type BusyHours, type PlannedRow } from '#persistence';
import { DayPlan, isWithin, suggestStart, type PlannedSource, type Suggestion } from '#schedule';

const MINUTE_MS = 60_000;
/** Of those that run together. */
const NAMED = 3;
/** What a run is taken to be until one has succeeded. */
const UNKNOWN = { expectedMs: MINUTE_MS, expectedCalls: 10 };

export interface WarehouseHours { readonly id: string; readonly name: string; readonly busyHours: readonly BusyHours[] }

/** The plan of a workspace's next 24 hours. */
export interface WorkspacePlan extends PlannedDay { readonly timeZone: string; readonly warehouses: readonly WarehouseHours[] }

interface PlannedDay { readonly day: DayPlan; readonly sources: ReadonlyMap<string, PlannedRow & PlannedSource> }
interface KeptDay { readonly version: string; readonly madeAt: number; readonly planned: Promise<PlannedDay> }

/** A day of 10,000 sources takes a fifth of a second to plan: it is kept so long unless a schedule changes. */
const KEPT_MS = 30_000;
const KEPT_DAYS = 100;

/** What a source's schedule meets. */
export interface Collisions { readonly others: number; readonly named: readonly string[]; readonly togetherAt: Date | undefined; readonly busyAt: Date | undefined; readonly busyRuns: number }

@Injectable()
export class ScheduleService {
  private readonly kept = new Map<string, KeptDay>();

  constructor(private readonly sources: SourceRepository, private readonly warehouses: WarehouseRepository, private readonly workspaces: WorkspaceRepository) {}

  /** @param without a source that is left out */
  async plan(workspaceId: string, without?: string): Promise<WorkspacePlan> {
    const [planned, all, { timeZone }] = await Promise.all([without === undefined ? this.day(workspaceId) : this.planDay(workspaceId, without), this.warehouses.list(workspaceId, 1_000), this.workspaces.get(workspaceId)]);
    return { ...planned, timeZone, warehouses: all.filter(({ enabled }) => enabled).map(({ id, name, busyHours }) => ({ id, name, busyHours })) };
  }

  private async day(workspaceId: string): Promise<PlannedDay> {
    const version = await this.sources.plannedVersion(workspaceId);
    const kept = this.kept.get(workspaceId);
    if (kept !== undefined && kept.version === version && Date.now() - kept.madeAt < KEPT_MS) return kept.planned;
    const made: KeptDay = { version, madeAt: Date.now(), planned: this.planDay(workspaceId) };
    made.planned.catch(() => { if (this.kept.get(workspaceId) === made) this.kept.delete(workspaceId); });
    this.kept.delete(workspaceId);
    this.kept.set(workspaceId, made);
    for (const oldest of [...this.kept.keys()].slice(0, -KEPT_DAYS)) this.kept.delete(oldest);
    return made.planned;
  }

  private async planDay(workspaceId: string, without?: string): Promise<PlannedDay> {
    const rows = (await this.sources.planned(workspaceId)).filter(({ id }) => id !== without);
    const sources = rows.map((row) => ({ ...row, expectedMs: row.expectedMs ?? UNKNOWN.expectedMs, expectedCalls: row.expectedCalls ?? UNKNOWN.expectedCalls }));
    return { sources: new Map(sources.map((source) => [source.id, source])), day: new DayPlan(sources, Date.now()) };
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
  const source = plan.sources.get(sourceId);
  if (source === undefined) return undefined;
  const { others, at } = plan.day.together(sourceId);
  const hours = source.warehouseId === null ? [] : hoursOf(plan, source.warehouseId);
  const busy = (plan.day.runs.get(sourceId) ?? []).filter((instant) => isWithin(hours, plan.timeZone, instant));
  return { others: others.length, named: others.slice(0, NAMED).map((other) => plan.sources.get(other)?.name ?? other), togetherAt: at === undefined ? undefined : new Date(at), busyAt: busy[0] === undefined ? undefined : new Date(busy[0]), busyRuns: busy.length };
}
