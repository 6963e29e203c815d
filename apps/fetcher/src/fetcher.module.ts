import { Module } from '@nestjs/common';
import { connectorNames, loadConnector } from '#connectors';
import { Renewer } from '#oauth';
import { PartnerAccountRepository, CredentialRepository, OAuthRepository, RunRepository, openDatabase, type DataSource } from '#persistence';
import { Health, Logger, TRANSPORT } from '#platform';
import { createVault, parseKeyRing, type Vault } from '#vault';
import { FetcherConfig } from './fetcher.config.js';
import { ReplayPortsFactory } from './replay/replay-ports.factory.js';
import { CallAdmission } from './run-sync/call-admission.js';
import { controlCommands } from './run-sync/control-commands.js';
import { KeepAliveService } from './run-sync/keep-alive.service.js';
import { RunPortsFactory } from './run-sync/run-ports.factory.js';
import { RunSyncService } from './run-sync/run-sync.service.js';
import { SyncController } from './run-sync/sync.controller.js';
import { DATABASE, VAULT } from './run-sync/vault.js';
import { VerifyService } from './verify/verify.service.js';

@Module({
  controllers: [SyncController],
  providers: [
    RunSyncService, RunPortsFactory, ReplayPortsFactory, CallAdmission, KeepAliveService, VerifyService,
    { provide: DATABASE, inject: [FetcherConfig], useFactory: ({ databaseUrl }: FetcherConfig) => openDatabase({ url: databaseUrl, applicationName: 'fetcher' }) },
    { provide: RunRepository, inject: [DATABASE], useFactory: (database: DataSource) => new RunRepository(database) },
    { provide: PartnerAccountRepository, inject: [DATABASE], useFactory: (database: DataSource) => new PartnerAccountRepository(database) },
    { provide: VAULT, inject: [FetcherConfig], useFactory: ({ vaultKeys }: FetcherConfig) => createVault(parseKeyRing(vaultKeys)) },
    { provide: CredentialRepository, inject: [DATABASE], useFactory: (database: DataSource) => new CredentialRepository(database) },
    {
      provide: Renewer, inject: [DATABASE, CredentialRepository, VAULT, FetcherConfig],
      useFactory: (database: DataSource, credentials: CredentialRepository, vault: Vault, { allowPrivateAddresses }: FetcherConfig) => new Renewer(
        credentials, new OAuthRepository(database), vault, async (name) => connectorNames.includes(name) ? loadConnector(name) : undefined, allowPrivateAddresses),
    },
    { provide: TRANSPORT, inject: [FetcherConfig, Logger, Health], useFactory: controlCommands },
  ],
})
export class FetcherModule {}
