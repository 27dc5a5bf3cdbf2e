import type { Kind, RetentionClass } from '../manifest/vocabulary.js';
import type { ArtifactId, Timestamp } from '../objects/ids.js';

/** A removed artifact that can still be restored. */
export interface TrashedArtifact {
  readonly artifact_id: ArtifactId;
  readonly name?: string;
  readonly filename_hint?: string;
  readonly kind: Kind;
  readonly retention_class: RetentionClass;
  readonly size_bytes: number;
  readonly created_at: Timestamp;
  readonly removed_at: Timestamp;
}

/** How long something that is removed now stays in the trash, by the system clock (D10). */
export interface UndoWindow {
  readonly days: number;
  /** When a collection may purge it. */
  readonly until: Timestamp;
}
