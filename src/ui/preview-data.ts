import type { FreedBytes } from '../cli/text/undo-text.js';
import type { Pin } from '../core/catalog/artifact-record.js';
import type { ProgressUnit } from '../core/effects.js';
import type { ClaimField } from '../core/manifest/claims.js';
import type { Manifest } from '../core/manifest/manifest.js';
import type { ArtifactId, Timestamp } from '../core/objects/ids.js';
import type { PrunePlan } from '../core/retention/prune-plan.js';
import type { TrashedArtifact, TrashWindow } from '../core/retention/trashed-artifact.js';

export type { TrashedArtifact, TrashWindow };

/** An artifact that the shown one came from, or that came from it. */
export interface Source {
  readonly id: ArtifactId;
  readonly name?: string;
  readonly state: 'live' | 'removed' | 'unknown';
}

/** What the detail pane tells of one artifact beyond its line in the plan. */
export interface Detail {
  readonly id: ArtifactId;
  /** Absent when it cannot be read; `problem` then says why (D8). */
  readonly manifest?: Manifest;
  readonly problem?: string;
  /** Fields of the manifest that hs did not see itself. */
  readonly claims?: readonly ClaimField[];
  readonly pins: readonly Pin[];
  /** `type:id` of who registered it here. */
  readonly actor?: string;
  readonly job?: string;
  readonly sources: readonly Source[];
  /** Live artifacts that name it as a source: a pin of one of them may hold it. */
  readonly madeFrom: readonly Source[];
}

/** One step of an application that runs. `total` is absent while it is not known. */
export interface ApplyProgress {
  readonly phase: string;
  readonly done: number;
  readonly total?: number;
  readonly unit: ProgressUnit;
}

/** What to remove: everything the plan prunes except the spared. */
export interface ApplyRequest {
  readonly plan: PrunePlan;
  readonly spared: ReadonlySet<ArtifactId>;
}

/** What an application did. Bytes are counts of bytes. */
export interface ApplyOutcome {
  /** Artifact id of the retention report; absent when nothing was left to remove. */
  readonly reportId?: ArtifactId;
  /** What `hs restore --run` takes. */
  readonly runId?: string;
  readonly removed: number;
  /** How many of them nothing can bring back. */
  readonly irreversible: number;
  /** What that frees, at once and when the trash is emptied. */
  readonly freed: FreedBytes;
  /** When what went to the trash may be purged; absent where nothing of it stays there. */
  readonly trashUntil?: Timestamp;
  /** Removed before, and gone for good with the trash. */
  readonly emptied: number;
  /** Bytes that are free now, of this and of earlier removals. */
  readonly purgedBytes: number;
  /** Chosen, but kept because they had become worth keeping by the moment of the commit (D3). */
  readonly spared: number;
  /** Objects whose purge waits for commands that still run. */
  readonly purgePending: number;
  /** Until when what was removed can be brought back; absent where it cannot. */
  readonly restorableUntil?: Timestamp;
  readonly warnings: readonly string[];
}

/** What lies in the trash. */
export interface TrashContents {
  /** Those that can still be brought back. */
  readonly artifacts: readonly TrashedArtifact[];
  readonly objects: number;
  readonly bytes: number;
}

/** Everything the preview asks of the store; each change answers with the plan made again. */
export interface PreviewModel {
  /** Absent where nothing that is removed can be brought back; sensitive artifacts never can (D7). */
  readonly trash?: TrashWindow | undefined;
  /** The name a pin gets unless another is typed. */
  readonly defaultPin: string;
  plan(onProgress?: (progress: ApplyProgress) => void): Promise<PrunePlan>;
  /** What applying empties besides; only where the trash is to be emptied. */
  emptying?(): Promise<TrashContents>;
  detail(id: ArtifactId): Promise<Detail>;
  pin(ids: readonly ArtifactId[], name: string, reason?: string): Promise<PrunePlan>;
  unpin(ids: readonly ArtifactId[], name: string): Promise<PrunePlan>;
  /** `signal` asks to stop at the next point where nothing is half. */
  apply(
    request: ApplyRequest,
    onProgress: (progress: ApplyProgress) => void,
    signal: AbortSignal,
  ): Promise<ApplyOutcome>;
}
