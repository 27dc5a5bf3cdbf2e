/** What the methods return: the results of the operations, with fields in camelCase. */

import type { BundleReport } from '../core/bundle/bundle-record.js';
import type * as Record from '../core/catalog/artifact-record.js';
import type * as Checked from '../core/debug/check-debug-bundle.js';
import type { Manifest } from '../core/manifest/manifest.js';
import type * as Index from '../core/objects/bundle-index.js';
import type { ObjectId } from '../core/objects/ids.js';
import type * as Changes from '../core/policy/policy-check.js';
import type * as Trash from '../core/retention/trashed-artifact.js';
import type * as Lines from '../core/secrets/scan-lines.js';
import type * as Bundle from '../ops/bundle/create-bundle.js';
import type * as Debug from '../ops/debug/create-debug-bundle.js';
import type * as Scan from '../ops/evidence/scan.js';
import type * as Checks from '../ops/fsck/check-all.js';
import type * as Fsck from '../ops/fsck/fsck.js';
import type * as Repairs from '../ops/fsck/repair.js';
import type * as Apply from '../ops/gc/apply-removal.js';
import type * as Gc from '../ops/gc/collect-garbage.js';
import type * as Empty from '../ops/gc/empty-trash.js';
import type * as Trashed from '../ops/gc/list-trash.js';
import type * as Remove from '../ops/gc/remove-artifacts.js';
import type * as Restore from '../ops/gc/restore.js';
import type * as Reports from '../ops/gc/retention-reports.js';
import type * as Rollback from '../ops/govern/accept-rollback.js';
import type * as Describe from '../ops/govern/describe-artifacts.js';
import type * as Pins from '../ops/govern/pins.js';
import type * as Retain from '../ops/govern/retain.js';
import type * as Policies from '../ops/govern/set-policy.js';
import type * as Counts from '../ops/inspect/count-objects.js';
import type * as Diff from '../ops/inspect/diff-artifacts.js';
import type * as Use from '../ops/inspect/disk-usage.js';
import type * as History from '../ops/inspect/history.js';
import type * as Lineage from '../ops/inspect/lineage.js';
import type * as Show from '../ops/inspect/show-artifact.js';
import type * as Report from '../ops/page/publish-report.js';
import type * as Usages from '../ops/page/publish-usage.js';
import type * as WriteIndex from '../ops/put/write-index.js';
import type * as WriteManifest from '../ops/put/write-manifest.js';
import type * as Waiting from '../store/collector/await-leases.js';
import type * as Collect from '../store/collector/collector.js';
import type * as Totals from '../store/collector/object-totals.js';
import type * as Purge from '../store/collector/purge.js';
import type * as Findings from '../store/port/finding.js';
import type * as Places from '../store/port/inventory.js';
import type * as Sweep from '../store/port/reclaimer.js';
import type { CamelCased } from './camel-case.js';

export type Pin = CamelCased<Record.Pin>;
export type Registration = Record.Registration;
/**
 * An artifact, live or removed: `artifactId`, `revision`, `manifest` (its hash), `contentHash`, `payloadType`, `kind`,
 * `retentionClass`, `retentionTtlDays`, `layer`, `classification`, `exportable`, `sizeBytes`, `createdAt`, `name`,
 * `filenameHint`, `sources`, what the ledger has of job, labels and entities, and these.
 */
export type ArtifactRecord = CamelCased<Record.ArtifactRecord>;
/** One file of a directory payload; `path` is relative. */
export type IndexFile = Omit<CamelCased<Index.IndexEntry>, 'path' | 'contentHash'> & {
  readonly path: string;
  readonly contentHash: ObjectId;
};
export type WrittenIndex = CamelCased<WriteIndex.WrittenIndex>;
export type WrittenManifest = CamelCased<WriteManifest.WrittenManifest>;
export type ObjectCounts = CamelCased<Counts.ObjectCounts>;
export type ShownArtifact = CamelCased<Show.ShownArtifact>;
export type FileSide = CamelCased<Diff.FileSide>;
/** What `stat` and `patch` add to a difference. */
export interface TextChange {
  /** Lines; absent if the content is binary, too large or the same. */
  readonly added?: number;
  readonly removed?: number;
  /** As git shows one file. */
  readonly patch?: Uint8Array;
}
/** See the commands' words: a file of two directories, two payloads, or a field of two manifests. */
export type Difference =
  | (Omit<Extract<Diff.Difference, { what: 'file' }>, 'before' | 'after'> &
      TextChange & {
        readonly before?: FileSide;
        readonly after?: FileSide;
      })
  | (Omit<Extract<Diff.Difference, { what: 'payload' }>, 'before' | 'after'> &
      TextChange & {
        readonly before: FileSide;
        readonly after: FileSide;
      })
  | Extract<Diff.Difference, { what: 'field' }>;
export type UsageTotalsRow = CamelCased<Use.UsageTotalsRow>;
export type UsageTotals = CamelCased<Use.UsageTotals>;
export type UsageRow = CamelCased<Use.UsageRow>;
export type Usage = CamelCased<Use.Usage>;
export type Quarantined = CamelCased<Places.Quarantined>;
export type PinRow = CamelCased<Pins.PinRow>;
export type Subject = CamelCased<History.Subject>;
export type Relative = CamelCased<Lineage.Relative>;
export type LineageRow = CamelCased<Lineage.LineageRow>;
export type HistoryRow = CamelCased<History.HistoryRow>;
export type Finding = CamelCased<Findings.Finding>;
export type FsckReport = CamelCased<Fsck.FsckReport>;
export type CheckedCounts = CamelCased<Checks.CheckedCounts>;
export type MadeRepair = CamelCased<Repairs.MadeRepair>;
export type RepairStep = CamelCased<Findings.RepairStep>;
export type LineFinding = CamelCased<Lines.LineFinding>;
export type ScanRow = CamelCased<Scan.ScanRow>;
export type ObjectTotals = CamelCased<Totals.ObjectTotals>;
export type PendingPurge = CamelCased<Waiting.PendingPurge>;
export type Purged = CamelCased<Purge.Purged>;
export type Swept = CamelCased<Sweep.Swept>;
export type Reclaimed = CamelCased<Collect.Reclaimed>;
export type TrashedArtifact = CamelCased<Trash.TrashedArtifact>;
export type RemovalOutcome = CamelCased<Apply.RemovalOutcome>;
export type Collected = CamelCased<Gc.Collected>;
export type Removed = CamelCased<Remove.Removed>;
export type Restored = CamelCased<Restore.Restored>;
export type TrashItem = CamelCased<Trashed.TrashItem>;
export type TrashDetails = CamelCased<Trashed.TrashDetails>;
export type EmptiedTrash = CamelCased<Empty.EmptiedTrash>;
export type Retained = CamelCased<Retain.Retained>;
export type ReportUndo = CamelCased<Reports.ReportUndo>;
export type ReportRow = CamelCased<Reports.ReportRow>;
export type Described = CamelCased<Describe.Described>;
export type VerdictChange = CamelCased<Changes.VerdictChange>;
export type PolicyCheck = Omit<CamelCased<Policies.PolicyCheck>, 'settings'> & {
  readonly settings: readonly Changes.PolicySetting[];
};
/** Settings and grants in which two policies, named by their hashes, differ. */
export type PolicyDifferences = ReturnType<typeof Policies.policyDifferences>;
/** The policies before and after, by their hashes. */
export type PolicySet = Awaited<ReturnType<typeof Policies.setPolicy>>;
export type BundleCreated = CamelCased<Bundle.BundleCreated>;
export type DebugBundleCreated = CamelCased<Debug.DebugBundleCreated>;
export type DebugFinding = CamelCased<Checked.DebugFinding>;
export type DebugCheck = CamelCased<Checked.DebugCheck>;
export type PublishedReport = CamelCased<Report.PublishedReport>;
export type PublishedUsage = CamelCased<Usages.PublishedUsage>;
export type AcceptedRollback = CamelCased<Rollback.AcceptedRollback>;

/** A content hash, and the size in bytes of the content, or of the index of a directory. */
export interface HashedContent {
  readonly contentHash: ObjectId;
  readonly sizeBytes: number;
}

/** A bundle that was verified. */
export interface VerifiedBundle {
  /** Hash of the index over all files. */
  readonly contentHash: ObjectId;
  readonly files: number;
  readonly sizeBytes: number;
  readonly members: readonly { readonly manifest: Manifest; readonly files: number }[];
  /** What was to be packed, and was not. */
  readonly leftOut: CamelCased<BundleReport['left_out']>;
  /** The check of the documents of a debug bundle. */
  readonly debug?: DebugCheck;
}
