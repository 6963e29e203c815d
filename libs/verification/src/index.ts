export type { CollectionVerdict } from './compare.js';
export type { SourceVerdict } from './verify-source.js';
export { verifyStored, type WarehouseVerdict } from './verify-stored.js';
