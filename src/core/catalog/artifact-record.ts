import type { ArtifactFacts } from '../ledger/operation.js';
import type { ObjectId, Timestamp } from '../objects/ids.js';

/** A named hold on an artifact (D1). Expires at `until`. */
export interface Pin {
  readonly name: string;
  readonly reason?: string;
  readonly until?: Timestamp;
  /** `type:id` of who set it, and when by the system's clock. */
  readonly actor: string;
  readonly at: Timestamp;
}

/** Where and when an artifact was registered in this store; decides "newest" and class windows (D2). */
export interface Registration {
  readonly seq: number;
  /** Place among the operations of that entry. */
  readonly index: number;
  readonly at: Timestamp;
  /** `type:id` of who registered it. */
  readonly actor: string;
}

/** The ledger's record of one artifact: the facts of its newest revision, and its pins. */
export interface ArtifactRecord extends ArtifactFacts {
  readonly registered: Registration;
  /** Manifests of all revisions, oldest first, with their sizes: all of them are kept while it lives. */
  readonly manifests: readonly { readonly manifest: ObjectId; readonly size_bytes: number }[];
  /** Sorted by name. */
  readonly pins: readonly Pin[];
  /** Set once removed: by which entry, and whether without a trash window. */
  readonly removed?: { readonly seq: number; readonly at: Timestamp; readonly purge: boolean };
}

/**
 * Whether exports are compared with its bytes (B6): it is not both low and exportable, or it is a slice, whose source may
 * be restricted.
 */
export function isGuarded(r: Pick<ArtifactFacts, 'classification' | 'exportable' | 'kind'>): boolean {
  return r.classification !== 'low' || !r.exportable || r.kind === 'dataset_slice';
}

export function compareRegistration(a: Registration, b: Registration): number {
  return a.seq - b.seq || a.index - b.index;
}
