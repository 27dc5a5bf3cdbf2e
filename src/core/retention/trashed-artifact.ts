import type { Kind, RetentionClass } from '../manifest/vocabulary.js';
import type { ArtifactId, Timestamp } from '../objects/ids.js';

/** An artifact that was removed and can still be brought back. */
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

/** How long what is removed now lies in the trash; by the system's clock (D10). */
export interface TrashWindow {
  readonly days: number;
  /** From then on a collection empties it. */
  readonly until: Timestamp;
}
