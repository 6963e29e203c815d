import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#persistence';
import { isWithin, minuteOfDay, timeOf } from '#schedule';
import { Caller } from '../access/principal.js';
import { PageQuery, page } from '../http/paging.js';
import { collisionWarnings } from './collision-warnings.js';
import { DaySuggestionDto, SchedulePlanDto, SuggestionQuery } from './schedule-plan.dto.js';
import { ScheduleService, collisionsOf } from './schedule.service.js';

const MINUTE_MS = 60_000;
const SLOT_MS = 15 * MINUTE_MS;

@ApiTags('schedule')
@Controller('api/v1/schedule')
export class ScheduleController {
  constructor(private readonly schedule: ScheduleService) {}

  @Get()
  @ApiOperation({ summary: 'The next 24 hours', description: 'What is planned, quarter by quarter of an hour and source by source, with the warehouses\' busy hours. Sources are paged; the slots are of all of them.' })
  @ApiOkResponse({ type: SchedulePlanDto })
  async plan(@Caller() { workspaceId }: Principal, @Query() { limit, cursor }: PageQuery): Promise<SchedulePlanDto> {
    const plan = await this.schedule.plan(workspaceId);
    const { day, timeZone, sources, warehouses } = plan;
    const hours = warehouses.flatMap(({ busyHours }) => busyHours);
    const begins = new Map<number, number>();
    for (const runs of day.runs.values()) for (const at of runs) begins.set(Math.floor(at / SLOT_MS), (begins.get(Math.floor(at / SLOT_MS)) ?? 0) + 1);
    const slots = [];
    for (let at = Math.floor(day.from / SLOT_MS) * SLOT_MS; at < day.to; at += SLOT_MS) {
      let calls = 0;
      for (let minute = at; minute < at + SLOT_MS; minute += MINUTE_MS) calls += day.loadAt(minute);
      slots.push({ at: new Date(at), runs: begins.get(at / SLOT_MS) ?? 0, calls: Math.round(calls), busy: isWithin(hours, timeZone, at) });
    }
    const { items, nextCursor } = page([...sources.values()].filter(({ id }) => cursor === undefined || id > cursor).slice(0, limit + 1), limit);
    return {
      from: new Date(day.from), to: new Date(day.to), timeZone, slots, nextCursor,
      warehouses: warehouses.map(({ id, name, busyHours }) => ({ id, name, busyHours: [...busyHours] })),
      sources: items.map(({ id, name, expectedMs, expectedCalls }) => ({
        sourceId: id, name, runs: (day.runs.get(id) ?? []).map((at) => new Date(at)), expectedSeconds: Math.round(expectedMs / 1_000), expectedCalls, warnings: collisionWarnings(collisionsOf(plan, id)),
      })),
    };
  }

  @Get('suggestion')
  @ApiOperation({ summary: 'Suggest a start', description: 'The least loaded start minute: outside the warehouse\'s busy hours as far as the interval lets it, then where other sources make the fewest calls.' })
  @ApiOkResponse({ type: DaySuggestionDto })
  async suggestion(@Caller() { workspaceId }: Principal, @Query() { intervalMinutes, warehouseId, sourceId }: SuggestionQuery): Promise<DaySuggestionDto> {
    const { at, load, busyRuns, runs, timeZone } = await this.schedule.suggest(workspaceId, intervalMinutes, { ...(warehouseId !== undefined && { warehouseId }), ...(sourceId !== undefined && { sourceId }) });
    const startMinute = minuteOfDay(timeZone, at) % 60;
    return {
      startAt: timeOf(minuteOfDay(timeZone, at)), startMinute, firstRunAt: new Date(at), intervalMinutes, timeZone, callsPerMinute: Math.round(load * 100) / 100, runsPerDay: runs, busyRunsPerDay: busyRuns,
      warnings: collisionWarnings({ others: 0, named: [], togetherAt: undefined, busyAt: busyRuns > 0 ? new Date(at) : undefined, busyRuns }),
    };
  }
}
