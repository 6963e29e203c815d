import { Module, type OnModuleInit, type Provider, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import {
  AccountRepository, ArrivalRepository, CredentialRepository, DeadLetterRepository, DeliveryRepository, DestinationRepository, IdempotencyRepository, ModelRepository, MeasureRepository, NotificationRepository, OAuthRepository, OverviewRepository, PartnerAccountRepository, QueryRepository, RunRequestRepository, SelectionRepository, SourceRepository, UsageRepository, VerificationRepository, WarehouseRepository, WebhookRepository, WorkspaceRepository, type DataSource,
} from '#persistence';
import { Renewer } from '#oauth';
import { Health } from '#platform';
import { createVault, parseKeyRing, type Vault } from '#vault';
import { AccessGuard } from './access/access.guard.js';
import { accessParts } from './access/access-parts.js';
import { AccessService } from './access/access.service.js';
import { Catalog } from './catalog/catalog.js';
import { CatalogController } from './catalog/catalog.controller.js';
import { ConsoleController } from './console/console.controller.js';
import { ControlDatabase } from './control-database.js';
import { DeadLettersController } from './dead-letters/dead-letters.controller.js';
import { DeadLettersService } from './dead-letters/dead-letters.service.js';
import { DeliveriesController } from './destinations/deliveries.controller.js';
import { DestinationsController } from './destinations/destinations.controller.js';
import { DestinationsService } from './destinations/destinations.service.js';
import { DocsController } from './docs/docs.controller.js';
import { Documents } from './docs/documents.js';
import { ForecastController } from './forecast/forecast.controller.js';
import { ForecastService } from './forecast/forecast.service.js';
import { GatewayConfig } from './gateway.config.js';
import { Creates } from './http/creates.js';
import { KeyedInterceptor } from './http/keyed.interceptor.js';
import { ProblemFilter } from './http/problem.filter.js';
import { validation } from './http/validation.js';
import { LiveController } from './live/live.controller.js';
import { LiveFeed } from './live/live-feed.js';
import { ArrivalController } from './runs/arrival.controller.js';
import { ArrivalService } from './runs/arrival.service.js';
import { RawRetention } from './runs/raw-retention.js';
import { ReplayController } from './runs/replay.controller.js';
import { ResyncController } from './runs/resync.controller.js';
import { RunsController } from './runs/runs.controller.js';
import { RunsService } from './runs/runs.service.js';
import { UsageController } from './runs/usage.controller.js';
import { AudiencesController } from './models/audiences.controller.js';
import { ModelPreview } from './models/model-preview.service.js';
import { ModelsService } from './models/models.service.js';
import { TraitsController } from './models/traits.controller.js';
import { OAuthController } from './oauth/oauth.controller.js';
import { OAuthService } from './oauth/oauth.service.js';
import { MeasureClock } from './measures/measure-clock.js';
import { MetricsController, SegmentsController, TemplatesController } from './measures/measures.controller.js';
import { MeasuresService } from './measures/measures.service.js';
import { NotificationsController } from './notifications/notifications.controller.js';
import { OverviewController } from './overview/overview.controller.js';
import { ScheduleController } from './schedule/schedule.controller.js';
import { ScheduleService } from './schedule/schedule.service.js';
import { SourceCollectionsController } from './sources/source-collections.controller.js';
import { SourceCollections } from './sources/source-collections.service.js';
import { SourceCredentials } from './sources/source-credentials.js';
import { SourceTester } from './sources/source-tester.js';
import { SourceViews } from './sources/source-views.js';
import { SourcesController } from './sources/sources.controller.js';
import { SourcesService } from './sources/sources.service.js';
import { VerificationsController } from './sources/verifications.controller.js';
import { Readers } from './sql/readers.js';
import { SqlController } from './sql/sql.controller.js';
import { SqlService } from './sql/sql.service.js';
import { TablesController } from './sql/tables.controller.js';
import { VAULT } from './tokens.js';
import { SelectionController } from './warehouses/selection.controller.js';
import { SelectionService } from './warehouses/selection.service.js';
import { WarehousesController } from './warehouses/warehouses.controller.js';
import { WarehousesService } from './warehouses/warehouses.service.js';
import { SourceWebhookController } from './webhook/source-webhook.controller.js';
import { SourceWebhookService } from './webhook/source-webhook.service.js';

const repository = <T>(Repository: new (database: DataSource) => T): Provider =>
  ({ provide: Repository as Type<T>, inject: [ControlDatabase], useFactory: ({ connection }: ControlDatabase) => new Repository(connection) });

@Module({
  controllers: [
    ...accessParts.controllers, ConsoleController, DocsController, CatalogController, WarehousesController, SelectionController, SqlController, TablesController, AudiencesController, TraitsController, SourceCollectionsController, SourcesController, VerificationsController, SourceWebhookController, OverviewController, NotificationsController, TemplatesController, MetricsController, SegmentsController, UsageController, ForecastController, RunsController, ArrivalController, ResyncController, ReplayController, DeadLettersController, DestinationsController, DeliveriesController, LiveController, OAuthController, ScheduleController,
  ],
  providers: [
    { provide: ControlDatabase, inject: [GatewayConfig, Health], useFactory: ControlDatabase.open },
    ...[...accessParts.repositories, AccountRepository, ArrivalRepository, CredentialRepository, DeadLetterRepository, DeliveryRepository, DestinationRepository, IdempotencyRepository, ModelRepository, MeasureRepository, NotificationRepository, OAuthRepository, OverviewRepository, PartnerAccountRepository, QueryRepository, RunRequestRepository, SelectionRepository, SourceRepository, UsageRepository, VerificationRepository, WarehouseRepository, WebhookRepository, WorkspaceRepository].map((one) => repository<unknown>(one)),
    { provide: VAULT, inject: [GatewayConfig], useFactory: ({ vaultKeys }: GatewayConfig) => createVault(parseKeyRing(vaultKeys)) },
    { provide: Catalog, useFactory: Catalog.load },
    {
      provide: Renewer, inject: [CredentialRepository, OAuthRepository, VAULT, Catalog, GatewayConfig],
      useFactory: (credentials: CredentialRepository, clients: OAuthRepository, vault: Vault, catalog: Catalog, { allowPrivateAddresses }: GatewayConfig) =>
        new Renewer(credentials, clients, vault, async (name) => catalog.get(name), allowPrivateAddresses),
    },
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_INTERCEPTOR, useClass: KeyedInterceptor },
    { provide: APP_PIPE, useFactory: validation },
    ...accessParts.providers, Documents, Creates, WarehousesService, SelectionService, Readers, SqlService, ModelsService, ModelPreview, SourceTester, SourceCredentials, SourcesService, ScheduleService, SourceViews, SourceCollections, ForecastService, OAuthService, RawRetention, RunsService, ArrivalService, DeadLettersService, DestinationsService, SourceWebhookService, MeasuresService, MeasureClock, LiveFeed,
  ],
})
export class GatewayModule implements OnModuleInit {
  constructor(private readonly access: AccessService, private readonly oauth: OAuthService) {}

  async onModuleInit(): Promise<void> {
    await this.access.bootstrap();
    await this.oauth.setOperatorClients();
  }
}
