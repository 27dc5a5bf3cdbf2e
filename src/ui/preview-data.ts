import type { FreedBytes } from '../cli/text/undo-text.js';
import type { Pin } from '../core/catalog/artifact-record.js';
import type { ProgressUnit } from '../core/effects.js';
import type { ClaimField } from '../core/manifest/claims.js';
import type { Manifest } from '../core/manifest/manifest.js';
import type { ArtifactId, Timestamp } from '../core/objects/ids.js';
import type { PrunePlan } from '../core/retention/prune-plan.js';
import type { TrashedArtifact, UndoWindow } from '../core/retention/trashed-artifact.js';

export type { TrashedArtifact, UndoWindow };

/** A source of the shown artifact, or an artifact derived from it. */
export interface Source {
  readonly id: ArtifactId;
  readonly name?: string;
  readonly state: 'live' | 'removed' | 'unknown';
}

/** The details of one artifact beyond its line in the plan. */
export interface Detail {
  readonly id: ArtifactId;
  /** Absent if unreadable; `problem` then gives the reason (D8). */
  readonly manifest?: Manifest;
  readonly problem?: string;
  /** Fields of the manifest that hs did not observe itself. */
  readonly claims?: readonly ClaimField[];
  readonly pins: readonly Pin[];
  /** `type:id` of the actor that registered it here. */
  readonly actor?: string;
  readonly job?: string;
  readonly sources: readonly Source[];
  /** Live artifacts that name it as a source: a pin on one of them may protect it. */
  readonly madeFrom: readonly Source[];
}

/** Progress of an application. `total` is absent while unknown. */
export interface ApplyProgress {
  readonly phase: string;
  readonly done: number;
  readonly total?: number;
  readonly unit: ProgressUnit;
}

/** The artifacts to remove: everything the plan prunes, except spared ones. */
export interface ApplyRequest {
  readonly plan: PrunePlan;
  readonly spared: ReadonlySet<ArtifactId>;
}

/** The result of applying. Sizes are in bytes. */
export interface ApplyOutcome {
  /** Artifact id of the retention report; absent if there was nothing to remove. */
  readonly reportId?: ArtifactId;
  /** The argument for `hs restore --run`. */
  readonly runId?: string;
  readonly removed: number;
  /** Number of removed artifacts that cannot be brought back. */
  readonly irreversible: number;
  /** Bytes freed at once, and when the trash is emptied. */
  readonly freed: FreedBytes;
  /** When the new trash batch may be purged; absent if nothing stays in it. */
  readonly trashUntil?: Timestamp;
  /** Removed earlier, and purged with the trash. */
  readonly emptied: number;
  /** Bytes freed now, from this and earlier removals. */
  readonly purgedBytes: number;
  /** Whether bytes of removed artifacts stay in packs that are mostly in use, beyond the trash. */
  readonly stays?: boolean;
  /** Selected, but kept because they had become worth keeping by the time of the commit (D3). */
  readonly spared: number;
  /** Objects whose purge waits for running commands. */
  readonly purgePending: number;
  /** Until when removed artifacts can be brought back; absent if they cannot. */
  readonly restorableUntil?: Timestamp;
  readonly warnings: readonly string[];
}

/** The contents of the trash. */
export interface TrashContents {
  /** Those that can still be brought back. */
  readonly artifacts: readonly TrashedArtifact[];
  readonly objects: number;
  readonly bytes: number;
}

/** The preview's interface to the store; each change returns a new plan. */
export interface PreviewModel {
  /** Absent if nothing that is removed can be brought back; sensitive artifacts never can (D7). */
  readonly trash?: UndoWindow | undefined;
  /** The default name for a pin. */
  readonly defaultPin: string;
  plan(onProgress?: (progress: ApplyProgress) => void): Promise<PrunePlan>;
  /** The trash contents that applying also purges; only if the trash is to be emptied. */
  emptying?(): Promise<TrashContents>;
  detail(id: ArtifactId): Promise<Detail>;
  pin(ids: readonly ArtifactId[], name: string, reason?: string): Promise<PrunePlan>;
  unpin(ids: readonly ArtifactId[], name: string): Promise<PrunePlan>;
  /** `signal` requests a stop at the next consistent point. */
  apply(
    request: ApplyRequest,
    onProgress: (progress: ApplyProgress) => void,
    signal: AbortSignal,
  ): Promise<ApplyOutcome>;
}
