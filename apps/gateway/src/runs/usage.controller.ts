import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { PartnerAccountRepository, UsageRepository, type AccountView, type Principal, type Usage } from '#persistence';
import { Caller } from '../access/principal.js';
import { SourcesService } from '../sources/sources.service.js';
import { UsageListDto, UsageQuery, usageDays } from './usage.dto.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

@ApiTags('sources')
@Controller('api/v1/sources/:id/usage')
export class UsageController {
  constructor(private readonly usage: UsageRepository, private readonly sources: SourcesService, private readonly accounts: PartnerAccountRepository) {}

  @Get()
  @ApiOperation({ summary: 'API calls per day, collection and run', description: 'With their totals, and beside what limits them: the source\'s daily budget and what the partner says of its own limit.' })
  @ApiOkResponse({ type: UsageListDto })
  async list(@Caller() { workspaceId }: Principal, @Param('id') id: string, @Query() query: UsageQuery): Promise<UsageListDto> {
    const { source } = await this.sources.get(workspaceId, id);
    const now = Date.now();
    const { from, to } = usageDays(query, now);
    const [data, view] = await Promise.all([this.usage.list(id, from, to), this.accounts.view(id)]);
    const { dailyCallBudget: perDay, partnerReservePercent: reservePercent } = source;
    const used = view.today.source;
    const resetsAt = new Date((Math.floor(now / DAY_MS) + 1) * DAY_MS);
    const limits = limitsOf(view, reservePercent, now);
    return {
      data, total: data.reduce((sum, { calls }) => sum + calls, 0),
      limitPerDay: limits.find(({ windowSeconds }) => windowSeconds === DAY_MS / 1_000)?.limit ?? this.sources.connector(source.connector).declaration.limits.callsPerDay ?? null,
      byDay: totals(data, ({ day: of }) => of).map(([of, calls]) => ({ day: of, calls })),
      byCollection: totals(data, ({ collection }) => collection).map(([collection, calls]) => ({ collection, calls })).sort((a, b) => b.calls - a.calls),
      // Ids of runs begin with their time.
      byRun: totals(data, ({ runId }) => runId).map(([runId, calls]) => ({ runId, calls })).sort((a, b) => (b.runId ?? '').localeCompare(a.runId ?? '')),
      today: { calls: used, accountCalls: view.today.account, resetsAt },
      budget: perDay === null ? null : { perDay, used, left: Math.max(0, perDay - used), resetsAt },
      partner: { account: view.account ?? null, sources: [...view.sources], reservePercent, limits },
    };
  }
}

/** In the order in which they come. */
function totals<T>(usage: readonly Usage[], of: (one: Usage) => T): [T, number][] {
  const sums = new Map<T, number>();
  for (const one of usage) sums.set(of(one), (sums.get(of(one)) ?? 0) + one.calls);
  return [...sums];
}

function limitsOf({ quotas }: AccountView, reservePercent: number, now: number): UsageListDto['partner']['limits'] {
  return quotas.map(({ name, windowMs, limit, used, ours, since, readAt, resetsInMs }) => {
    const [isDaily, isOver] = [windowMs >= HOUR_MS, now >= readAt + (resetsInMs ?? windowMs)];
    const known = isOver ? 0 : used + since;
    return {
      name, windowSeconds: Math.round(windowMs / 1_000), limit, used, ours: isDaily ? Math.min(used, ours) : null, others: isDaily ? Math.max(0, used - ours) : null, since, left: Math.max(0, limit - known),
      leftForUs: Math.max(0, Math.floor(limit * (isDaily ? 1 - reservePercent / 100 : 1)) - known), readAt: new Date(readAt), resetsAt: resetsInMs === undefined ? null : new Date(readAt + resetsInMs),
    };
  });
}
