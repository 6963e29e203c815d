import { ApiKeyEntity, MembershipEntity, SessionEntity, UserEntity, WorkspaceEntity } from './access.entity.js';
import { CollectionRunEntity, RunEntity } from './run.entity.js';
import { SourceCollectionEntity, SourceEntity, WarehouseEntity } from './source.entity.js';

export const entities = [
  WorkspaceEntity, UserEntity, MembershipEntity, SessionEntity, ApiKeyEntity, WarehouseEntity, SourceEntity, SourceCollectionEntity, RunEntity, CollectionRunEntity,
];
