export { FencedError, OffsetsMismatchError, RowsRejectedError, SelectionChangedError, TableBlockedError, WarehouseRefusedError, WarehouseUnavailableError, type RejectedRow } from './errors.js';
export { PostgresWarehouse } from './postgres/postgres-warehouse.js';
export {
  Warehouse,
  type Advance, type ApplyResult, type Claim, type ClaimRequest, type PartitionRef, type PrivilegeProblem, type Row, type StoredId, type TableRows, type TableTarget,
  type WarehouseBatch, type WarehouseTable,
} from './warehouse.js';
