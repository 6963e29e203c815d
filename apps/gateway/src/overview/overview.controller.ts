import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { OverviewRepository, SourceRepository, type Principal } from '#persistence';
import { Caller } from '../access/principal.js';
import { Catalog } from '../catalog/catalog.js';
import { UsageQuery, usageDays } from '../runs/usage.dto.js';
import { OverviewDto, WorkspaceUsageDto } from './overview.dto.js';

const HOURS = 24;
const DAYS = 7;
/** As many as a workspace may have at a glance. */
const SOURCES = 10_000;

@ApiTags('workspace')
@Controller('api/v1')
export class OverviewController {
  constructor(private readonly overviews: OverviewRepository, private readonly sources: SourceRepository, private readonly catalog: Catalog) {}

  @Get('overview')
  @ApiOperation({ summary: 'All sources at a glance', description: 'How fresh each is, what it brought and called today and against which limit; and what came in the last 24 hours and 7 days.' })
  @ApiOkResponse({ type: OverviewDto })
  async overview(@Caller() { workspaceId }: Principal): Promise<OverviewDto> {
    const [glances, sources, hours, days] = await Promise.all([
      this.overviews.glance(workspaceId), this.sources.list(workspaceId, SOURCES), this.overviews.flow(workspaceId, 'hour', HOURS), this.overviews.flow(workspaceId, 'day', DAYS),
    ]);
    const known = new Map(sources.map((source) => [source.id, source]));
    return {
      hours, days,
      sources: glances.map(({ toldPerDay, ...glance }) => {
        const source = known.get(glance.sourceId);
        const partner = toldPerDay ?? (source === undefined ? undefined : this.catalog.get(source.connector)?.declaration.limits.callsPerDay) ?? null;
        const budget = source?.dailyCallBudget ?? null;
        const limit = budget !== null && (partner === null || budget <= partner) ? { kind: 'budget' as const, perDay: budget } : partner === null ? null : { kind: 'partner' as const, perDay: partner };
        return { ...glance, limit };
      }),
    };
  }

  @Get('usage')
  @ApiOperation({ summary: 'API calls per day and source' })
  @ApiOkResponse({ type: WorkspaceUsageDto })
  async usage(@Caller() { workspaceId }: Principal, @Query() query: UsageQuery): Promise<WorkspaceUsageDto> {
    const { from, to } = usageDays(query, Date.now());
    const data = await this.overviews.usage(workspaceId, from, to);
    return { data, total: data.reduce((sum, { calls }) => sum + calls, 0) };
  }
}
