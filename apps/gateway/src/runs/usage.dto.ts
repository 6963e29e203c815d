import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { Optional } from '../http/optional.js';
import { invalid } from '../http/problem.js';

const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

export class UsageQuery {
  @ApiPropertyOptional({ format: 'date', description: 'First day (UTC); 30 days back when it is left out.' }) @Optional() @Matches(DAY) from?: string;
  @ApiPropertyOptional({ format: 'date', description: 'Last day (UTC); today when it is left out.' }) @Optional() @Matches(DAY) to?: string;
}

const DAYS_BACK = 30;
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** The days that are asked for, both included. @throws Problem when there is no such day */
export function usageDays(query: UsageQuery, now: number): { readonly from: string; readonly to: string } {
  const days = { from: query.from ?? dayOf(now - DAYS_BACK * 86_400_000), to: query.to ?? dayOf(now) };
  for (const [field, value] of Object.entries(days)) if (Number.isNaN(Date.parse(value)) || dayOf(Date.parse(value)) !== value) throw invalid([{ field, message: 'There is no such day.' }]);
  return days;
}

export class UsageDto {
  @ApiProperty({ format: 'date', description: 'UTC.' }) day!: string;
  @ApiProperty() collection!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'null: outside a run, such as a test of the credentials.' }) runId!: string | null;
  @ApiProperty({ type: 'integer' }) calls!: number;
}

class CollectionCallsDto {
  @ApiProperty() collection!: string;
  @ApiProperty({ type: 'integer' }) calls!: number;
}

class DayCallsDto {
  @ApiProperty({ format: 'date', description: 'UTC.' }) day!: string;
  @ApiProperty({ type: 'integer' }) calls!: number;
}

class RunCallsDto {
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'null: outside a run.' }) runId!: string | null;
  @ApiProperty({ type: 'integer' }) calls!: number;
}

class TodayDto {
  @ApiProperty({ type: 'integer', description: 'Calls of this source today (UTC) that count against limits: a renewal of the access doesn\'t.' }) calls!: number;
  @ApiProperty({ type: 'integer', description: 'Those of all sources of the account.' }) accountCalls!: number;
  @ApiProperty({ description: 'The next day (UTC).' }) resetsAt!: Date;
}

class BudgetDto {
  @ApiProperty({ type: 'integer', description: 'Calls a day (UTC) that the source may make.' }) perDay!: number;
  @ApiProperty({ type: 'integer' }) used!: number;
  @ApiProperty({ type: 'integer', description: 'Below it a run is deferred, not failed.' }) left!: number;
  @ApiProperty({ description: 'The next day (UTC): runs that wait for it go on.' }) resetsAt!: Date;
}

class PartnerLimitDto {
  @ApiProperty({ description: 'What is limited, e.g. api.' }) name!: string;
  @ApiProperty({ type: 'integer', description: 'The stretch of time that the partner counts in.' }) windowSeconds!: number;
  @ApiProperty({ type: 'integer' }) limit!: number;
  @ApiProperty({ type: 'integer', description: 'Of everybody who calls for the account, when it was read.' }) used!: number;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Of that the calls of this workspace\'s sources; null where the partner counts in less than an hour.' }) ours!: number | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Of that the calls of others: other programs of the company.' }) others!: number | null;
  @ApiProperty({ type: 'integer', description: 'Calls of ours since it was read.' }) since!: number;
  @ApiProperty({ type: 'integer', description: 'Of the limit, by what is known; all of it once the partner has begun to count anew.' }) left!: number;
  @ApiProperty({ type: 'integer', description: 'Of that what this source may still use: of a daily limit it leaves reservePercent to others.' }) leftForUs!: number;
  @ApiProperty({ description: 'When the partner said so.' }) readAt!: Date;
  @ApiProperty({ type: Date, nullable: true, description: 'null where the partner\'s count rolls.' }) resetsAt!: Date | null;
}

class PartnerUsageDto {
  @ApiProperty({ type: String, nullable: true, description: 'The partner\'s own id of the account; null when the credentials may not tell.' }) account!: string | null;
  @ApiProperty({ type: String, isArray: true, description: 'Slugs of the sources that share the account.' }) sources!: string[];
  @ApiProperty({ type: 'integer', description: 'Percent of a daily limit that this source leaves to others.' }) reservePercent!: number;
  @ApiProperty({ type: () => PartnerLimitDto, isArray: true, description: 'What the partner last said of its limits; empty where it never did.' }) limits!: PartnerLimitDto[];
}

export class UsageListDto {
  @ApiProperty({ type: () => UsageDto, isArray: true, description: 'Newest day first.' }) data!: UsageDto[];
  @ApiProperty({ type: 'integer', description: 'All calls in these days.' }) total!: number;
  @ApiProperty({ type: 'integer', nullable: true, description: 'The partner\'s own limit a day: as it said last, or else as documented.' }) limitPerDay!: number | null;
  @ApiProperty({ type: () => DayCallsDto, isArray: true, description: 'Totals of the days with calls, newest first.' }) byDay!: DayCallsDto[];
  @ApiProperty({ type: () => CollectionCallsDto, isArray: true, description: 'Totals in these days, the most first.' }) byCollection!: CollectionCallsDto[];
  @ApiProperty({ type: () => RunCallsDto, isArray: true, description: 'Totals in these days, the newest run first.' }) byRun!: RunCallsDto[];
  @ApiProperty({ type: () => TodayDto }) today!: TodayDto;
  @ApiProperty({ type: () => BudgetDto, nullable: true, description: 'null: no daily budget.' }) budget!: BudgetDto | null;
  @ApiProperty({ type: () => PartnerUsageDto }) partner!: PartnerUsageDto;
}
