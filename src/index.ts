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
export type { BundleReport } from './core/bundle.js';
export type { BundleIndex, IndexEntry } from './core/bundle-index.js';
export type { Json } from './core/canonical.js';
export type { CapabilityId } from './core/capabilities.js';
export type { Head } from './core/catalog.js';
export type { ClaimField } from './core/claims.js';
export type { Culprit, GuardLink, GuardRule, GuardSubject } from './core/guard.js';
export type { ArtifactId, ObjectId, Timestamp } from './core/ids.js';
export type { ArtifactFacts, LedgerOp } from './core/ledger-op.js';
export type { EntryPayload, EntryType } from './core/ledger-payload.js';
export type { EntityRef, Handle, Manifest } from './core/manifest.js';
export type { SafePath } from './core/paths.js';
export type { Grant } from './core/policy.js';
export { DEFAULT_POLICY, type Policy } from './core/policy.js';
export type { GrantChange, PolicySetting, VerdictChange } from './core/policy-check.js';
export type { PortabilityKind, PortabilityProblem } from './core/portability.js';
export type { ProgressSink, ProgressUnit } from './core/ports.js';
export type { KeepRule, PlanHeader, PlanItem, PrunePlan, PruneRule, Rule } from './core/prune-plan.js';
export type { ArtifactRecord, Pin, Registration } from './core/record.js';
export type { PrunedItem, ReportHeader, RetentionReport, SparedItem } from './core/retention-report.js';
export type { TrashedArtifact } from './core/trashed.js';
export type { Classification, Kind, Layer, PayloadType, RetentionClass } from './core/vocabulary.js';
export type { ErrorExtras } from './errors/hs-error.js';
export { type ErrorCode, HsError, isHsError } from './errors/hs-error.js';
export { type CreateOptions, createStore, type OpenOptions, openStore } from './open-store.js';
export type { BundleCreated, BundleOptions } from './ops/bundle/create.js';
export type { Imported, ImportOptions } from './ops/bundle/import.js';
export type { Described } from './ops/describe-anew.js';
export type { Excluder } from './ops/excluder.js';
export type { Exported, ExportPlan } from './ops/export/export.js';
export type { ExportFormat, ExportPlace, ExportRequest } from './ops/export/request.js';
export type { ObjectCheckOptions } from './ops/fsck/check-objects.js';
export type { Finding, Severity } from './ops/fsck/finding.js';
export type { FsckOptions, FsckReport } from './ops/fsck/fsck.js';
export type { RemovalOutcome } from './ops/gc/apply-removal.js';
export type { Collected } from './ops/gc/collect.js';
export type { CollectionPlanOptions } from './ops/gc/plan-collection.js';
export type { Removed } from './ops/gc/remove.js';
export type { ReportRow } from './ops/gc/reports.js';
export type { HistoryQuery, HistoryRow, Subject } from './ops/history.js';
export type { ListQuery } from './ops/list-artifacts.js';
export type { PinRow } from './ops/pins.js';
export type { NamedPolicy, PolicyCheck } from './ops/policy.js';
export type { Promoted } from './ops/promote.js';
export type { PutOptions, PutResult } from './ops/put.js';
export type { Reclassification, Reclassified } from './ops/reclassify.js';
export type { Restored } from './ops/restore.js';
export type { RetainChange, Retained } from './ops/retain.js';
export type {
  Refused,
  RunArtifact,
  RunRequest,
  RunResult,
  SandboxFacts,
  SignalHandler,
} from './ops/run/request.js';
export type { ShownArtifact } from './ops/show-artifact.js';
export type { LeftOut, WalkOptions } from './ops/walk-tree.js';
export { decodePlan, encodePlan, planHash } from './plan-functions.js';
export type { BackendName, OutputStream, StrayKind, StrayWrite } from './sandbox/types.js';
export type { Reclaimed } from './store/collector.js';
export type { Mend } from './store/mend.js';
export type { PendingPurge, Purged } from './store/purge.js';
export type { Swept } from './store/taking.js';
export type { LedgerProblem, LedgerProblemKind, LedgerVerdict } from './store/verify-ledger.js';
