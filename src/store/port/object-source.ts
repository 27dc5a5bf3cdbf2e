import type { ObjectId } from '../../core/objects/ids.js';

/** What one object's bytes are read from. */
export interface ObjectFile {
  /** Reads into `buffer` at `position`; 0 at the end. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** `size` in bytes. */
  stat(): Promise<{ readonly size: number }>;
  close(): Promise<void>;
}

/** An object whole, as it was found. */
export interface FoundBytes {
  readonly bytes: Uint8Array;
  /** The memory is not the caller's alone: neither to be changed nor to be handed on. */
  readonly shared: boolean;
}

/**
 * Where objects are read from by their name. Nothing is compared with the name here: that is done once for every
 * home of a store (`ObjectStore`). An object is found wherever it is, in the trash too, and also when it moves
 * while it is looked for; undefined means that it was nowhere. INTEGRITY is what cannot be an object.
 */
export interface ObjectSource {
  /** The whole of it; INTEGRITY when it has more than `maxBytes`, which are then not read. */
  read(id: ObjectId, maxBytes: number): Promise<FoundBytes | undefined>;
  /** The same at once where it lies in memory already, as most of a tree does when it was read ahead; to be shared. */
  atHand(id: ObjectId, maxBytes: number): Uint8Array | undefined;
  /** Open, and readable whatever becomes of its name. */
  open(id: ObjectId): Promise<ObjectFile | undefined>;
  /** Bytes, as far as can be told without reading it. */
  size(id: ObjectId): Promise<number | undefined>;
  /** The same of one that is in use: undefined for one that lies in the trash alone. */
  sizeInUse(id: ObjectId): Promise<number | undefined>;
  /** Forgets what was known of where objects lie, which others may have changed. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}
