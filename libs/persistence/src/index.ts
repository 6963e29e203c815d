export { AccessRepository, type Principal } from './access.repository.js';
export { CredentialRepository, type RefreshOutcome, type RenewalOptions, type StoredCredentials } from './credential.repository.js';
export { isUniqueViolation, migrate, newId, openDatabase, type DatabaseOptions } from './database.js';
export { ROLES, type ApiKeyEntity, type Role, type UserEntity } from './entities/access.entity.js';
export type { CollectionRunEntity, RunEntity } from './entities/run.entity.js';
export type { SourceEntity, WarehouseEntity } from './entities/source.entity.js';
export { IdempotencyConflict, IdempotencyRepository, type Idempotency } from './idempotency.js';
export { Leadership } from './leadership.js';
export { GrantGone, OAuthRepository, type Grant, type OAuthClientRow } from './oauth.repository.js';
export { OutboxRepository, type OutboxMessage } from './outbox.repository.js';
export { RunRepository, type ClaimedRun, type LogLine, type Progress } from './run.repository.js';
export { RunRequestRepository, type KeptCall, type KeptLine, type RunRequest } from './run-request.repository.js';
export { ScheduleRepository } from './schedule.repository.js';
export { SourceRepository, type NewSource, type SourceChange, type SourceTarget } from './source.repository.js';
export { UsageRepository, type Usage } from './usage.repository.js';
export { WarehouseRepository, type NewWarehouse } from './warehouse.repository.js';
export { WebhookRepository, type WebhookSecret, type WebhookTarget } from './webhook.repository.js';
/** The control database's connection pool, as the repositories take it. */
export type { DataSource } from 'typeorm';
