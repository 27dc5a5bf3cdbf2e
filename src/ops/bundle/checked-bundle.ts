import type { BundleReport } from '../../core/bundle/bundle-record.js';
import type { DebugCheck } from '../../core/debug/check-debug-bundle.js';
import type { Manifest } from '../../core/manifest/manifest.js';
import type { BundleIndex } from '../../core/objects/bundle-index.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { SafePath } from '../../core/paths/safe-path.js';

/** A file as read: the hash of its actual bytes, not a stated one. */
export interface TakenFile {
  readonly path: SafePath;
  readonly hash: ObjectId;
  readonly size: number;
  readonly executable: boolean;
}

export interface CheckedMember {
  readonly manifest: Manifest;
  /** SHA-256 of the canonical bytes. */
  readonly manifestId: ObjectId;
  readonly manifestSize: number;
  /** The files of a directory payload, relative to it; exactly one for a file payload. */
  readonly files: readonly TakenFile[];
  /** For a directory payload: its bundle index, whose bytes are an object too. */
  readonly index: BundleIndex | undefined;
}

export interface CheckedBundle {
  /** Hash of the index over all files, which `hs` calls the bundle's content hash. */
  readonly contentHash: ObjectId;
  readonly index: BundleIndex;
  readonly members: readonly CheckedMember[];
  readonly report: BundleReport;
  /** The manifest of the bundle itself, if it was exported too. */
  readonly self: CheckedMember | undefined;
  /** For a debug bundle: the result of checking its documents (VAL-BUNDLE-001). */
  readonly debug: DebugCheck | undefined;
}
