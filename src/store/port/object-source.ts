import type { ObjectId } from '../../core/objects/ids.js';

/** An open object. */
export interface ObjectFile {
  /** Reads into `buffer` at `position`; 0 at the end. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** `size` in bytes. */
  stat(): Promise<{ readonly size: number }>;
  close(): Promise<void>;
}

/** The bytes of a whole object, not verified. */
export interface FoundBytes {
  readonly bytes: Uint8Array;
  /** Whether the buffer is shared: it must be neither modified nor passed on. */
  readonly shared: boolean;
}

/**
 * Reads objects by name, without verifying them: `ObjectStore` does that for every backend. Finds an object wherever
 * it is, including the trash, and while it is being moved; undefined means that it is missing. INTEGRITY for a file
 * that cannot be an object.
 */
export interface ObjectSource {
  /** The whole object; INTEGRITY when it is larger than `maxBytes`, and then it is not read. */
  read(id: ObjectId, maxBytes: number): Promise<FoundBytes | undefined>;
  /** The whole object, synchronously, if it was read ahead, as most of a tree is; the buffer is shared. */
  atHand(id: ObjectId, maxBytes: number): Uint8Array | undefined;
  /** Opens the object; it stays readable if its name goes away. */
  open(id: ObjectId): Promise<ObjectFile | undefined>;
  /** Size in bytes, as far as known without reading the object. */
  size(id: ObjectId): Promise<number | undefined>;
  /** Size in bytes of an object in use; undefined when it is only in the trash. */
  sizeInUse(id: ObjectId): Promise<number | undefined>;
  /**
   * Sizes of those of these objects that are in use, asked for in one go; one that another process has just added may
   * be missing.
   */
  sizesInUse(ids: Iterable<ObjectId>): Promise<ReadonlyMap<ObjectId, number>>;
  /** Drops cached locations, which other processes may have changed. */
  refresh(): Promise<void>;
}
