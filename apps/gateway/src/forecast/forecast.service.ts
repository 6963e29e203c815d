import { Injectable } from '@nestjs/common';
import { PartnerAccountRepository, UsageRepository, WorkspaceRepository } from '#persistence';
import type { Schedule } from '#schedule';
import { GatewayConfig } from '../gateway.config.js';
import { invalid } from '../http/problem.js';
import { DEFAULT_INTERVAL, readInterval, readRhythms, readTiming } from '../sources/schedule-input.js';
import { SourceCollections } from '../sources/source-collections.service.js';
import { readCollections } from '../sources/source-input.js';
import { SourceTester } from '../sources/source-tester.js';
import { forecast, withUnknown } from './forecast.js';
import type { AskForecastDto, ForecastDto } from './forecast.dto.js';
import { heldAgainst } from './held-against.js';

const DEFAULT_RESERVE = 20;

/** What sources cost, before they do. Asks no partner. */
@Injectable()
export class ForecastService {
  constructor(
    private readonly tester: SourceTester, private readonly collections: SourceCollections, private readonly usage: UsageRepository,
    private readonly accounts: PartnerAccountRepository, private readonly workspaces: WorkspaceRepository, private readonly config: GatewayConfig,
  ) {}

  /** Before there is a source. @throws Problem */
  async before(workspaceId: string, { connector: name, collections, schedule = {}, configuration = {}, dailyCallBudget = null, partnerReservePercent = DEFAULT_RESERVE }: AskForecastDto): Promise<ForecastDto> {
    const connector = withUnknown(this.tester.connector(name), collections ?? []);
    const { declaration } = connector;
    const selected = readCollections(declaration, collections);
    const floor = this.config.intervalFloorMinutes;
    const { times, intervalMinutes } = readTiming(schedule, floor);
    const { timeZone, syncsPerDay } = await this.workspaces.get(workspaceId);
    const when: Schedule = times === undefined ? { mode: 'interval', everyMinutes: intervalMinutes ?? readInterval(Math.max(DEFAULT_INTERVAL, floor), floor), phase: 0 } : { mode: 'times', times, timeZone };
    const totals = forecast({
      connector, selected: readRhythms(declaration, selected, schedule.collections, undefined, floor), schedule: when, syncsPerDay: syncsPerDay ?? this.config.syncsPerDay, measured: [],
      // Which of them have calculated columns is known after the first sync: it may be each of them.
      fullReads: { days: fullReadDays(declaration.fullReadSetting, configuration), collections: new Set(selected) },
    });
    return heldAgainst(totals, { budget: dailyCallBudget, reservePercent: partnerReservePercent, callsPerDay: declaration.limits.callsPerDay, account: undefined });
  }

  /** Of a source as it is set up now. @throws Problem */
  async of(workspaceId: string, id: string): Promise<ForecastDto> {
    const { source, collections } = await this.collections.of(workspaceId, id);
    const [connector, measured, account, { timeZone, syncsPerDay }] = await Promise.all([this.tester.connectorOf(source), this.usage.measured(id), this.accounts.view(id), this.workspaces.get(workspaceId)]);
    const { declaration } = connector;
    const totals = forecast({
      connector, measured, syncsPerDay: syncsPerDay ?? this.config.syncsPerDay,
      selected: new Map(collections.flatMap(({ chosen }) => (chosen === undefined ? [] : [[chosen.collection, chosen.everyMinutes] as const]))),
      schedule: source.scheduleMode === 'times' ? { mode: 'times', times: source.scheduleTimes, timeZone } : { mode: 'interval', everyMinutes: source.intervalMinutes, phase: source.nextRunAt.getTime() },
      fullReads: { days: fullReadDays(declaration.fullReadSetting, source.configuration), collections: new Set(collections.filter(({ calculated }) => calculated.length > 0).map((one) => one.declaration.name)) },
    });
    return heldAgainst(totals, { budget: source.dailyCallBudget, reservePercent: source.partnerReservePercent, callsPerDay: declaration.limits.callsPerDay, account });
  }
}

/** 0: never. */
function fullReadDays(setting: string | undefined, configuration: Readonly<Record<string, unknown>>): number {
  const value = setting === undefined ? 0 : Number(configuration[setting] ?? 0);
  if (!(value >= 0)) throw invalid([{ field: `configuration.${setting}`, message: `${setting} must be a number of days.` }]);
  return value;
}
