import type { ObjectId } from '../../core/objects/ids.js';

/** Random-access source of bytes, such as a file. Reads into `buffer` at `position`; 0 at the end. */
export interface ByteSource {
  read(buffer: Uint8Array, position: number): Promise<number>;
}

/** An open file as a source. */
export interface FileSource extends ByteSource {
  /** Size in bytes. */
  readonly size: number;
  /** Keeps it readable until the result is closed. */
  hold(): HeldSource;
}

/** A file that a batch reads again when it is published, in place of a copy. */
export interface HeldSource extends ByteSource {
  /** The error for bytes that are not those that were added. */
  changed(): Error;
  close(): Promise<void>;
}

export interface Added {
  readonly id: ObjectId;
  /** Size in bytes. */
  readonly size: number;
}

export interface AddOptions {
  readonly apart?: boolean;
  readonly unique?: boolean;
}

/** Where members of a batch are, as far as others cannot find them by name; an entry records it. */
export interface Published {
  /** Names of packs. */
  readonly packs: readonly string[];
}

/** The members are found by name. */
export const BY_NAME: Published = { packs: [] };

/**
 * Objects for a commit. Every object the commit names goes through a batch, found or new: another writer may have
 * added it without making it durable yet, and a collector may be about to remove it. A batch runs under a lease; when
 * that dies, unpublished objects are discarded.
 */
export interface ObjectBatch {
  /** Token of the batch's lease. */
  readonly lease: string;
  /**
   * Objects that were already present with other bytes than those added. Good bytes are published beside or over
   * them; the reclaimer removes damaged copies that remain (`dropCopies`).
   */
  readonly damaged: ReadonlySet<ObjectId>;
  /** Whether consolidation may be due: small objects were published in packs, or an index over packs is behind. */
  readonly mayConsolidate: boolean;
  /** Stores the bytes of this object anew when they are added: what is there under its name is damaged. */
  distrust(id: ObjectId): void;
  /**
   * Adds bytes; writes nothing if they are present and read back correctly. `apart`: store them as a file of their
   * own, as for objects the ledger names, so that following the chain needs nothing else. `unique`: nobody else can have
   * added them, since they hold an id that was just drawn; they are not looked for.
   */
  addBytes(bytes: Uint8Array, options?: AddOptions): Promise<Added>;
  /** Adds all pieces as one object, `apart`; a large one is never in memory as a whole. They may be asked for twice. */
  addPieces(pieces: () => Iterable<Uint8Array>): Promise<Added>;
  /**
   * Adds the content of a source of any size in constant memory. Fails with the source's error and leaves nothing
   * behind. A file may be held until `discard`.
   */
  addSource(source: ByteSource | FileSource, onBytes?: (count: number) => void): Promise<Added>;
  /** Adds an object that must already be present: OBJECT_MISSING, or INTEGRITY when its size is not the given one. */
  reference(id: ObjectId, size?: number): Promise<void>;
  /** As `reference` of each, in whatever order is cheapest. */
  referenceAll(ids: Iterable<ObjectId>): Promise<void>;
  /**
   * Makes every member readable by name, durable and in use (not in the trash); after that an entry may name them.
   * Called again after each lost race and when more was added: members collected meanwhile are brought back, or
   * OBJECT_MISSING; a held file whose bytes have changed fails with its error. `head` is the entry that the one to be appended follows: where the ledger condemns objects before
   * they are removed, members are such as no entry up to that one condemns.
   */
  publish(head?: number): Promise<Published>;
  /** Ends the batch: removes members that were added and never published. */
  discard(): Promise<void>;
}
