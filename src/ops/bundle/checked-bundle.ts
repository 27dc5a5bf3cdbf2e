import type { BundleReport } from '../../core/bundle/bundle-record.js';
import type { DebugCheck } from '../../core/debug/check-debug-bundle.js';
import type { Manifest } from '../../core/manifest/manifest.js';
import type { BundleIndex } from '../../core/objects/bundle-index.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { SafePath } from '../../core/paths/safe-path.js';

/** A file as it really is: what its bytes hash to, not what anything says of it. */
export interface TakenFile {
  readonly path: SafePath;
  readonly hash: ObjectId;
  readonly size: number;
  readonly executable: boolean;
}

export interface CheckedMember {
  readonly manifest: Manifest;
  /** Of its canonical bytes. */
  readonly manifestId: ObjectId;
  readonly manifestSize: number;
  /** The files of a directory payload, relative to it; of a file payload the one. */
  readonly files: readonly TakenFile[];
  /** Of a directory payload: its bundle index, whose bytes are an object too. */
  readonly index: BundleIndex | undefined;
}

export interface CheckedBundle {
  /** Of the index over all its files, which is what `hs` calls the bundle's content hash. */
  readonly contentHash: ObjectId;
  readonly index: BundleIndex;
  readonly members: readonly CheckedMember[];
  readonly report: BundleReport;
  /** The manifest of the bundle itself, when it was exported with it. */
  readonly self: CheckedMember | undefined;
  /** Of a debug bundle: what the check of its documents found (VAL-BUNDLE-001). */
  readonly debug: DebugCheck | undefined;
}
