import { Inject, Injectable } from '@nestjs/common';
import { loadConnector } from '#connectors';
import type { ErrorReport } from '#contracts';
import type { Admission, Quota } from '#connector-kit';
import { PartnerAccountRepository, type ClaimedRun } from '#persistence';
import { FetcherConfig } from '../fetcher.config.js';
import type { AdmitMessage } from './worker-protocol.js';

/** Lets the calls of runs through, one by one, so that they stay within budgets, rates and limits together with everybody else's. */
@Injectable()
export class CallAdmission {
  constructor(private readonly config: FetcherConfig, @Inject(PartnerAccountRepository) private readonly accounts: PartnerAccountRepository) {}

  async admit({ connector, sourceId }: ClaimedRun, { endpoint, maxWaitMs, quotas }: AdmitMessage): Promise<{ readonly waitMs: number } | { readonly refused: ErrorReport }> {
    return this.accounts.admit({ sourceId, endpoint, maxWaitMs, quotas, limits: await this.limits(connector) });
  }

  async pause({ connector, sourceId }: ClaimedRun, endpoint: string, ms: number): Promise<void> { await this.accounts.pause(sourceId, await this.limits(connector), endpoint, ms); }

  /** What the partner said last. */
  note({ sourceId }: ClaimedRun, quotas: readonly Quota[]): Promise<void> { return this.accounts.note(sourceId, quotas); }

  /** Budgets and daily limits hold also where rates don't: they cost no time. */
  private async limits(connector: string): Promise<Admission['limits']> {
    const { limits } = (await loadConnector(connector)).declaration;
    return this.config.partnerRateLimits ? limits : { ...(limits.callsPerDay !== undefined && { callsPerDay: limits.callsPerDay }) };
  }
}
