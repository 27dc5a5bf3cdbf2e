/** The library: what programs import. */
export { ArtifactReader, type ExportOptions, type ReadOptions } from './artifact-reader.js';
export {
  ArtifactStore,
  type CollectStoreOptions,
  type PinOptions,
  type PutArtifactOptions,
  type RunOptions,
  type Source,
} from './artifact-store.js';
export type { BundleIndex, IndexEntry } from './core/bundle-index.js';
export type { ArtifactId, ObjectId, Timestamp } from './core/ids.js';
export type { Handle, Manifest } from './core/manifest.js';
export { DEFAULT_POLICY, type Policy } from './core/policy.js';
export type { PlanHeader, PlanItem, PrunePlan } from './core/prune-plan.js';
export type { ArtifactRecord, Pin } from './core/record.js';
export type { RetentionReport } from './core/retention-report.js';
export { type ErrorCode, HsError, isHsError } from './errors/hs-error.js';
export { type CreateOptions, createStore, type OpenOptions, openStore } from './open-store.js';
export type { PutOptions, PutResult } from './ops/put.js';
export { decodePlan, encodePlan, planHash } from './plan-functions.js';
