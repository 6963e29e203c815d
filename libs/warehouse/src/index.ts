export { FencedError, OffsetsMismatchError, RowsRejectedError, SelectionChangedError, TableBlockedError, UnreadableRowError, WarehouseRefusedError, WarehouseUnavailableError, type RejectedRow } from './errors.js';
export { ManyValuesError, ModelStore, OldComputationError, type ModelMember, type ModelOutcome, type ModelRow, type ModelRows, type ModelTarget } from './model-store.js';
export { PostgresModelStore } from './postgres/postgres-model-store.js';
export { PostgresReader, type ReaderAccess } from './postgres/postgres-reader.js';
export { PostgresWarehouse } from './postgres/postgres-warehouse.js';
export {
  Warehouse,
  type Advance, type ApplyResult, type Claim, type ClaimRequest, type PartitionRef, type PrivilegeProblem, type Row, type StoredId, type TableRows, type TableTarget,
  type WarehouseBatch, type WarehouseTable,
} from './warehouse.js';
export { QueryFailedError, QueryRefusedError, QueryStoppedError, WarehouseReader, type Cell, type ReadLimits, type ReadRequest, type ReadResult, type ResultColumn, type SchemaChange, type TableInfo } from './reader.js';
