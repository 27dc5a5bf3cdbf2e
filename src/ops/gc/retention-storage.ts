import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Head } from '../../core/catalog/catalog.js';
import type { EntryPayload } from '../../core/ledger/payload.js';
import type { ArtifactId, ObjectId, Timestamp } from '../../core/objects/ids.js';
import type { Policy } from '../../core/policy/policy.js';
import type { ArtifactObjects, PlanInput } from '../../core/retention/plan-input.js';
import type { ReportSensitivity } from '../../core/retention/report-sensitivity.js';
import type { Reclaimed } from '../../store/collector/collector.js';

/** The input of a plan, at one ledger position. */
export interface RetentionState {
  readonly head: Head;
  /** When the newest change was committed, by the system's clock then. */
  readonly lastAt: Timestamp;
  readonly policyId: ObjectId;
  readonly policy: Policy;
  /** The live ones, in any order. */
  readonly artifacts: readonly ArtifactRecord[];
  /** As {@link PlanInput.removed}. */
  readonly removed: PlanInput['removed'];
}

/** What one collection changes; all of it or nothing becomes visible. */
export interface Removal {
  readonly remove: readonly { readonly artifact_id: ArtifactId; readonly purge: boolean }[];
  /** Registered as an artifact in the same step (D6). */
  readonly report: {
    readonly artifact_id: ArtifactId;
    readonly bytes: Uint8Array;
    /** Of everything that it names: as sensitive as the most sensitive of that. */
    readonly sensitivity: ReportSensitivity;
  };
  /** For a report that takes so many bytes, its manifest included. */
  summary(reportBytes: number): EntryPayload<'meta.gc_summary'>;
}

/**
 * All that planning and applying know of a backend (D11). A backend orders its changes: each commit is
 * made on a position, and fails or is rebuilt when another came first.
 */
export interface RetentionStorage {
  readonly storeId: string;
  /** Whether its records may have the fields of the feature `records-2`. */
  readonly countsItems: boolean;
  /** The state at the newest position, from the most trusted source of the backend. */
  state(): Promise<RetentionState>;
  /** Whether a change after that position did more than add artifacts. */
  changedSince(head: Head): Promise<boolean>;
  /** Hash of the change at a position; undefined when there is none. */
  hashAt(seq: number): Promise<ObjectId | undefined>;
  /** The position at which a plan of this hash was applied. */
  appliedAt(planHash: ObjectId): Promise<number | undefined>;
  /** Prepares the facts a plan needs of each artifact. Missing objects and unreadable indexes are damage. */
  objects(artifacts: readonly ArtifactRecord[]): Promise<(record: ArtifactRecord) => ArtifactObjects>;
  /** Looks closer at one that is about to go: do its manifests read back, is its payload of its size? */
  isSound(record: ArtifactRecord): Promise<boolean>;
  /**
   * Commits a removal. `build` runs against the newest position, again after each lost race; null is
   * nothing to do. A pinned or frozen artifact in it fails the commit (D1). The position, or undefined.
   */
  commit(build: () => Promise<Removal | null>): Promise<number | undefined>;
  /** Frees the bytes that nothing names any more and whose time to undo is over. */
  reclaim(options: { readonly emptyTrash: boolean }): Promise<Reclaimed>;
}
