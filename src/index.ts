/** The public API of the library. */
export { ArtifactReader } from './artifact-reader.js';
export { ArtifactStore, type Source } from './artifact-store.js';
export type { BundleReport } from './core/bundle/bundle-record.js';
export type { ArtifactRecord, Pin, Registration } from './core/catalog/artifact-record.js';
export type { Head } from './core/catalog/catalog.js';
export type { DebugMode } from './core/debug/documents.js';
export type { ProgressSink, ProgressUnit } from './core/effects.js';
export type { Checkpoint } from './core/evidence/checkpoint.js';
export type { DsseEnvelope } from './core/evidence/dsse.js';
export type { Proven } from './core/evidence/ledger-proof.js';
export type { TreeHash } from './core/evidence/merkle-tree.js';
export type { ProvenanceStatement } from './core/evidence/provenance.js';
export type { ExportTarget, TargetKind } from './core/guard/export-target.js';
export type { Culprit, GuardLink, GuardRule, GuardSubject } from './core/guard/guard.js';
export type { HashForm } from './core/handshake/directory-hash.js';
export type { Fault, FaultKind } from './core/handshake/fault.js';
export type { Json } from './core/json/canonical.js';
export type { LedgerEntry } from './core/ledger/entry.js';
export type { ExportFormat } from './core/ledger/export-formats.js';
export type { ArtifactFacts, LedgerOp } from './core/ledger/operation.js';
export type { EntryPayload, EntryType } from './core/ledger/payload.js';
export type { ClaimField } from './core/manifest/claims.js';
export type { EntityRef, Handle, Manifest } from './core/manifest/manifest.js';
export type { Classification, Kind, Layer, PayloadType, RetentionClass } from './core/manifest/vocabulary.js';
export type { BundleIndex, IndexEntry } from './core/objects/bundle-index.js';
export type { ArtifactId, ObjectId, Timestamp } from './core/objects/ids.js';
export type { PortabilityKind, PortabilityProblem } from './core/paths/portability.js';
export type { SafePath } from './core/paths/safe-path.js';
export type { CapabilityId } from './core/policy/capabilities.js';
export type { Grant } from './core/policy/policy.js';
export { DEFAULT_POLICY, type Policy } from './core/policy/policy.js';
export type { GrantChange, PolicySetting, VerdictChange } from './core/policy/policy-check.js';
export type { ItemCounts } from './core/retention/item-counts.js';
export type {
  KeepRule,
  PlanHeader,
  PlanItem,
  PrunePlan,
  PruneRule,
  Rule,
} from './core/retention/prune-plan.js';
export type { PrunedItem, ReportHeader, RetentionReport, SparedItem } from './core/retention/report.js';
export type { TrashedArtifact } from './core/retention/trashed-artifact.js';
export type { Detector } from './core/secrets/detectors.js';
export type { LineFinding } from './core/secrets/scan-lines.js';
export type { ErrorExtras } from './errors/hs-error.js';
export { type ErrorCode, HsError, isHsError } from './errors/hs-error.js';
export { verifyAttestation, verifyProof } from './evidence-functions.js';
export { createStore, openStore } from './open-store.js';
export type { BundleCreated, BundleOptions } from './ops/bundle/create-bundle.js';
export type { Imported, ImportOptions } from './ops/bundle/import-bundle.js';
export type { DebugBundleCreated } from './ops/debug/create-debug-bundle.js';
export type { DebugRequest, DebugScope } from './ops/debug/debug-request.js';
export type { ScanRow } from './ops/evidence/scan.js';
export type { SignedCheckpoint } from './ops/evidence/sign-checkpoint.js';
export type { Exported } from './ops/export/export.js';
export type { ExportPlace, ExportRequest } from './ops/export/export-request.js';
export type { ExportPlan } from './ops/export/plan-export.js';
export type { ObjectCheckOptions } from './ops/fsck/check-objects.js';
export type { FsckOptions, FsckReport } from './ops/fsck/fsck.js';
export type { RemovalOutcome } from './ops/gc/apply-removal.js';
export type { Collected } from './ops/gc/collect-garbage.js';
export type { CollectionPlanOptions } from './ops/gc/plan-collection.js';
export type { Removed } from './ops/gc/remove-artifacts.js';
export type { Restored } from './ops/gc/restore.js';
export type { ReportRow, ReportUndo } from './ops/gc/retention-reports.js';
export type { Described } from './ops/govern/describe-artifacts.js';
export type { PinRow } from './ops/govern/pins.js';
export type { Promoted } from './ops/govern/promote.js';
export type { Reclassification, Reclassified } from './ops/govern/reclassify.js';
export type { RetainChange, Retained } from './ops/govern/retain.js';
export type { NamedPolicy, PolicyCheck } from './ops/govern/set-policy.js';
export type {
  RefusedArtifact,
  WorkspaceArtifact,
  WorkspaceImport,
  WorkspaceOptions,
} from './ops/handshake/import-workspace.js';
export type { Usage, UsageRow } from './ops/inspect/disk-usage.js';
export type { HistoryQuery, HistoryRow, Subject } from './ops/inspect/history.js';
export type { ListQuery } from './ops/inspect/list-artifacts.js';
export type { ShownArtifact } from './ops/inspect/show-artifact.js';
export type { UsageKey } from './ops/inspect/usage-keys.js';
export type { PageRequest } from './ops/page/publish-page.js';
export type { PublishedReport } from './ops/page/publish-report.js';
export type { PublishedUsage } from './ops/page/publish-usage.js';
export type { Excluder } from './ops/payload/excluder.js';
export type { LeftOut, WalkOptions } from './ops/payload/walk-tree.js';
export type { PutOptions, PutResult } from './ops/put/put.js';
export type {
  Refused,
  RunArtifact,
  RunRequest,
  RunResult,
  SandboxFacts,
  SignalHandler,
} from './ops/run/run-request.js';
export type {
  CollectStoreOptions,
  CreateOptions,
  DebugBundleOptions,
  ExportOptions,
  OpenOptions,
  PageOptions,
  PinOptions,
  PutArtifactOptions,
  ReadOptions,
  RunOptions,
  ScanOptions,
  UsagePageOptions,
} from './options.js';
export { decodePlan, encodePlan, planHash } from './plan-functions.js';
export type { BackendName, OutputStream, StrayKind, StrayWrite } from './sandbox/sandbox-types.js';
export type { Reclaimed } from './store/collector/collector.js';
export type { PendingPurge, Purged } from './store/collector/purge.js';
export type { ObjectTotals } from './store/collector/reclaimable.js';
export type { LedgerProblem, LedgerProblemKind, LedgerVerdict } from './store/ledger/verify-ledger.js';
export type { Finding, Severity } from './store/port/finding.js';
export type { Swept } from './store/port/reclaimer.js';
