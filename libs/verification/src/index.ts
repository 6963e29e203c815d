export type { CollectionVerdict } from './compare.js';
export { verifySource, type SourceVerdict, type VerifyOptions } from './verify-source.js';
