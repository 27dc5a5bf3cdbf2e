import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Head } from '../../core/catalog/catalog.js';
import type { EntryPayload } from '../../core/ledger/entry-types.js';
import type { ArtifactId, ObjectId, Timestamp } from '../../core/objects/ids.js';
import type { Policy } from '../../core/policy/policy.js';
import type { ArtifactColumns } from '../../core/retention/artifact-columns.js';
import type { ReportSensitivity } from '../../core/retention/report-sensitivity.js';
import type { Reclaimed } from '../../store/collector/collector.js';
import type { Unreferenced } from '../../store/collector/reclaimable.js';
import type { Completer } from '../naming/complete-facts.js';

/** The input of a plan at one ledger position. */
export interface RetentionState {
  readonly head: Head;
  /** Commit time of the newest change, by the system clock at that time. */
  readonly lastAt: Timestamp;
  readonly policyId: ObjectId;
  readonly policy: Policy;
  /**
   * The live artifacts, in any order, and of the removed ones what `removedSources` asks for. Those with missing objects
   * or unreadable indexes are damaged.
   */
  readonly artifacts: ArtifactColumns;
  /** What a mark of this state does not reach, where that is known. */
  readonly unreferenced?: Unreferenced;
}

/** The changes of one collection; all of them become visible, or none. */
export interface Removal {
  readonly remove: readonly { readonly artifact_id: ArtifactId; readonly purge: boolean }[];
  /** Registered as an artifact in the same commit (D6). */
  readonly report: {
    readonly artifact_id: ArtifactId;
    readonly bytes: Uint8Array;
    /** What a person wrote into it. */
    readonly reason?: string | undefined;
    /** As sensitive as the most sensitive artifact that the report names. */
    readonly sensitivity: ReportSensitivity;
  };
  /** The summary for a report of that many bytes, including its manifest. */
  summary(reportBytes: number): EntryPayload<'meta.gc_summary'>;
}

/**
 * The interface that planning and applying have to a backend (D11). A backend orders its changes: each commit is built
 * on a position, and fails or is rebuilt if another came first.
 */
export interface RetentionPort {
  readonly storeId: string;
  /** Whether its records may have the fields of the feature `records-2`. */
  readonly countsItems: boolean;
  /** Whether its reports list every artifact: it lacks the feature `reports-2`. */
  readonly hasLongReports: boolean;
  /** The state at the newest position, from the backend's most trusted source. */
  state(): Promise<RetentionState>;
  /** Whether a change after that position did more than add artifacts. */
  changedSince(head: Head): Promise<boolean>;
  /** Hash of the change at a position; undefined if there is none. */
  hashAt(seq: number): Promise<ObjectId | undefined>;
  /** The position at which a plan of this hash was applied. */
  appliedAt(planHash: ObjectId): Promise<number | undefined>;
  /** The records of rows of a state, in any order. */
  records(
    state: RetentionState,
    rows: ArrayLike<number>,
  ): AsyncIterable<readonly [row: number, record: ArtifactRecord]>;
  /** Adds to a record what filters may ask for, where records lack it. */
  readonly complete?: Completer | undefined;
  /** Examines an artifact about to be removed: are its manifests readable, has its payload the stated size? */
  isSound(record: ArtifactRecord): Promise<boolean>;
  /**
   * Commits a removal. `build` runs against the newest position, again after each lost race; null means nothing to do.
   * A pinned or frozen artifact in it fails the commit (D1). Returns the position, or undefined.
   */
  commit(build: () => Promise<Removal | null>): Promise<number | undefined>;
  /** Frees bytes that nothing names any more and whose trash window is over. */
  reclaim(options: { readonly emptyTrash: boolean }): Promise<Reclaimed>;
}
