import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { connectorNames } from '#connectors';
import { Renewer } from '#oauth';
import { CredentialRepository } from '#persistence';
import { Logger } from '#platform';
import { FetcherConfig } from '../fetcher.config.js';
import { keepAlive } from './keep-alive.js';

const EVERY_MS = 300_000;

/** Keeps the refresh tokens of idle sources alive: here, because of all services it is the fetcher that calls partners. */
@Injectable()
export class KeepAliveService implements OnModuleInit, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private turning: Promise<void> | undefined;

  constructor(
    private readonly config: FetcherConfig, @Inject(CredentialRepository) private readonly credentials: CredentialRepository, @Inject(Renewer) private readonly renewer: Renewer, private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    const served = this.config.connectors.includes('*') ? connectorNames : this.config.connectors;
    const warn = (sourceId: string, error: string): void => this.logger.warn('The access of an idle source could not be renewed.', { sourceId, error });
    this.timer = setInterval(() => {
      this.turning ??= keepAlive(this.credentials, this.renewer, served, warn)
        .catch((error: unknown) => this.logger.warn('Idle sources could not be looked at.', { error: (error as Error).message }))
        .finally(() => { this.turning = undefined; });
    }, EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.turning;
  }
}
