import { Module } from '@nestjs/common';
import { RunRepository, openDatabase } from '#persistence';
import { Health, Logger, TRANSPORT } from '#platform';
import { FetcherConfig } from './fetcher.config.js';
import { controlCommands } from './run-sync/control-commands.js';
import { RunPortsFactory } from './run-sync/run-ports.factory.js';
import { RunSyncService } from './run-sync/run-sync.service.js';
import { SyncController } from './run-sync/sync.controller.js';

@Module({
  controllers: [SyncController],
  providers: [
    RunSyncService, RunPortsFactory,
    { provide: RunRepository, inject: [FetcherConfig], useFactory: async ({ databaseUrl }: FetcherConfig) => new RunRepository(await openDatabase({ url: databaseUrl, applicationName: 'fetcher' })) },
    { provide: TRANSPORT, inject: [FetcherConfig, Logger, Health], useFactory: controlCommands },
  ],
})
export class FetcherModule {}
