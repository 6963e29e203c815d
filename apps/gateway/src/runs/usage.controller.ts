import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';
import { UsageRepository, type Principal } from '#persistence';
import { Caller } from '../access/principal.js';
import { invalid } from '../http/problem.js';
import { SourcesService } from '../sources/sources.service.js';

const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const DAY_MS = 86_400_000;
const day = (at: number): string => new Date(at).toISOString().slice(0, 10);

class UsageQuery {
  @ApiPropertyOptional({ format: 'date', description: 'First day (UTC); 30 days back when it is left out.' }) @IsOptional() @Matches(DAY) from?: string;
  @ApiPropertyOptional({ format: 'date', description: 'Last day (UTC); today when it is left out.' }) @IsOptional() @Matches(DAY) to?: string;
}

class UsageDto {
  @ApiProperty({ format: 'date', description: 'UTC.' }) day!: string;
  @ApiProperty() collection!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'null: outside a run, such as a test of the credentials.' }) runId!: string | null;
  @ApiProperty({ type: 'integer' }) calls!: number;
}

class UsageListDto {
  @ApiProperty({ type: () => UsageDto, isArray: true, description: 'Newest day first.' }) data!: UsageDto[];
  @ApiProperty({ type: 'integer', description: 'All calls in these days.' }) total!: number;
  @ApiProperty({ type: 'integer', nullable: true, description: 'The partner\'s own limit a day, where there is one.' }) limitPerDay!: number | null;
}

@ApiTags('sources')
@Controller('api/v1/sources/:id/usage')
export class UsageController {
  constructor(private readonly usage: UsageRepository, private readonly sources: SourcesService) {}

  @Get()
  @ApiOperation({ summary: 'API calls per collection, run and day' })
  @ApiOkResponse({ type: UsageListDto })
  async list(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Query() query: UsageQuery): Promise<UsageListDto> {
    const { source } = await this.sources.get(workspaceId, id);
    const [from, to] = [query.from ?? day(Date.now() - 30 * DAY_MS), query.to ?? day(Date.now())];
    for (const [field, value] of Object.entries({ from, to })) if (Number.isNaN(Date.parse(value)) || day(Date.parse(value)) !== value) throw invalid([{ field, message: `There is no such day.` }]);
    const data = await this.usage.list(id, from, to);
    return { data, total: data.reduce((sum, { calls }) => sum + calls, 0), limitPerDay: this.sources.connector(source.connector).declaration.limits.callsPerDay ?? null };
  }
}
