/** The library: what programs import. */
export type { ArtifactId, ObjectId, Timestamp } from './core/ids.js';
export { type ErrorCode, HsError, isHsError } from './errors/hs-error.js';
