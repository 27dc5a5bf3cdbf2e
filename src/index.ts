/** The public API of the library. */
export type { BundleReport } from './core/bundle/bundle-record.js';
export type { Head } from './core/catalog/catalog.js';
export type { TotalField } from './core/catalog/totals.js';
export type { DebugManifest, DebugMode } from './core/debug/document-formats.js';
export type { ProgressSink, ProgressUnit } from './core/effects.js';
export type { Checkpoint } from './core/evidence/checkpoint.js';
export type { DsseEnvelope } from './core/evidence/dsse.js';
export type { Proven } from './core/evidence/ledger-proof.js';
export type { TreeHash } from './core/evidence/merkle-tree.js';
export type { ProvenanceStatement } from './core/evidence/provenance.js';
export type { Culprit, GuardLink, GuardRule, GuardSubject } from './core/guard/guard.js';
export type { ExportTarget, TargetKind } from './core/guard/target-kinds.js';
export type { HashForm } from './core/handshake/directory-hash.js';
export type { Fault, FaultKind } from './core/handshake/fault.js';
export type { DoctorCheck, DoctorState } from './core/health-check.js';
export type { Json } from './core/json/canonical.js';
export type { LedgerEntry } from './core/ledger/entry.js';
export type { EntryPayload, EntryType } from './core/ledger/entry-types.js';
export type { ExportFormat } from './core/ledger/export-formats.js';
export type { ArtifactFacts, LedgerOp } from './core/ledger/operation.js';
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
export type { GrantChange, PolicySetting } from './core/policy/policy-check.js';
export type { Filter } from './core/query/condition.js';
export type { ItemCounts } from './core/retention/item-counts.js';
export type {
  KeepRule,
  PlanHeader,
  PlanItem,
  PrunePlan,
  PruneRule,
  Rule,
  RuleTotal,
} from './core/retention/prune-plan.js';
export type { PrunedItem, ReportHeader, RetentionReport, SparedItem } from './core/retention/report.js';
export type { Detector } from './core/secrets/detectors.js';
export type { ErrorExtras } from './errors/hs-error.js';
export { type ErrorCode, HsError, isHsError } from './errors/hs-error.js';
export type { ArtifactMethods } from './library/artifact-methods.js';
export { ArtifactStore } from './library/artifact-store.js';
export type { BundleMethods } from './library/bundle-methods.js';
export type { ByteSink } from './library/byte-sink.js';
export type { CamelCased, CamelKey } from './library/camel-case.js';
export type { CheckMethods } from './library/check-methods.js';
export { checkManifest, hash, verifyBundle } from './library/content-functions.js';
export { verifyAttestation, verifyProof } from './library/evidence-functions.js';
export type { ExportMethods } from './library/export-methods.js';
export type { GovernMethods } from './library/govern-methods.js';
export type { LedgerMethods } from './library/ledger-methods.js';
export type { LineageMethods } from './library/lineage-methods.js';
export type { ObjectMethods } from './library/object-methods.js';
export { createStore, openStore } from './library/open-store.js';
export type * from './library/options.js';
export type { PinMethods } from './library/pin-methods.js';
export { decodePlan, encodePlan, planHash } from './library/plan-functions.js';
export { acceptRollback, doctor } from './library/repair-functions.js';
export type * from './library/results.js';
export type { RetentionMethods } from './library/retention-methods.js';
export type { StoreHandle } from './library/store-handle.js';
export type { TransferMethods, Transferred } from './library/transfer-methods.js';
export type { TrashMethods } from './library/trash-methods.js';
export type { BundleOptions } from './ops/bundle/create-bundle.js';
export type { Imported, ImportOptions } from './ops/bundle/import-bundle.js';
export type { ImportedArtifact } from './ops/bundle/register-members.js';
export type { DebugRequest, DebugScope } from './ops/debug/debug-request.js';
export type { SignedCheckpoint } from './ops/evidence/sign-checkpoint.js';
export type { Exported } from './ops/export/export.js';
export type { ExportPlace, ExportRequest } from './ops/export/export-request.js';
export type { ExportPlan } from './ops/export/plan-export.js';
export type { ObjectCheckOptions } from './ops/fsck/check-objects.js';
export type { FsckOptions } from './ops/fsck/fsck.js';
export type { Promoted } from './ops/govern/promote.js';
export type { Reclassification, Reclassified } from './ops/govern/reclassify.js';
export type { RetainChange } from './ops/govern/retain.js';
export type { NamedPolicy, VerdictCounts } from './ops/govern/set-policy.js';
export type {
  RefusedArtifact,
  WorkspaceArtifact,
  WorkspaceImport,
  WorkspaceOptions,
} from './ops/handshake/import-workspace.js';
export type { HistoryQuery } from './ops/inspect/history.js';
export type { LineageQuery } from './ops/inspect/lineage.js';
export type { ListQuery } from './ops/inspect/list-artifacts.js';
export type { LedgerQuery } from './ops/inspect/read-ledger.js';
export type { UsageKey } from './ops/inspect/usage-keys.js';
export type { PageRequest } from './ops/page/publish-page.js';
export type { Excluder } from './ops/payload/excluder.js';
export type { LeftOut, WalkOptions } from './ops/payload/walk-tree.js';
export type { ManifestVerdict } from './ops/put/check-manifest.js';
export type { PutResult } from './ops/put/put.js';
export type { ArtifactOptions, PutRules } from './ops/put/put-options.js';
export type {
  Refused,
  RunArtifact,
  RunRequest,
  RunResult,
  SandboxFacts,
  SignalHandler,
} from './ops/run/run-request.js';
export type { TransferRequest, TransferredArtifact } from './ops/transfer/transfer-request.js';
export type { BackendName, OutputStream, StrayKind, StrayWrite } from './sandbox/sandbox-types.js';
export type { LedgerProblem, LedgerProblemKind, LedgerVerdict } from './store/ledger/ledger-verdict.js';
export type { Severity } from './store/port/finding.js';
