import type { ObjectId } from '../../core/objects/ids.js';

/** Reads into `buffer` at `position`, 0 at the end: a file, or whatever else bytes come from. */
export interface ByteSource {
  read(buffer: Uint8Array, position: number): Promise<number>;
}

export interface Added {
  readonly id: ObjectId;
  /** Bytes. */
  readonly size: number;
}

/**
 * Objects for a commit. Every object that the commit will name goes through one, found or new: another writer
 * may have put it there and not yet made it durable, and a collector may be about to take it out of use. It is
 * made under a lease, whose death undoes what was not published.
 */
export interface ObjectBatch {
  /** Token of the lease that it is made under. */
  readonly lease: string;
  /**
   * What was there with other bytes than those that were added. Good bytes are published beside or over it;
   * copies that stand beside them are the reclaimer's business (`dropCopies`).
   */
  readonly damaged: ReadonlySet<ObjectId>;
  /** Whether it published small objects together, so that there may be something to put in order. */
  readonly hasPacked: boolean;
  /**
   * Adds bytes; nothing is written for those that are there and read back. `apart`: what the ledger itself
   * names is kept by itself, so that whoever follows the chain needs nothing else.
   */
  addBytes(bytes: Uint8Array, options?: { readonly apart?: boolean }): Promise<Added>;
  /** Adds what a source has, of any size in constant memory. Fails as the source does, and leaves nothing. */
  addSource(source: ByteSource, onBytes?: (count: number) => void): Promise<Added>;
  /** Notes an object that must be there: OBJECT_MISSING, or INTEGRITY when its size is not the one given. */
  reference(id: ObjectId, size?: number): Promise<void>;
  /**
   * Makes every member readable by its name and durable, in use and not in the trash. An entry that names them
   * may be appended after that. Called again after each lost race, and when more was added: what was
   * taken out of use meanwhile is brought back, and OBJECT_MISSING is what cannot be.
   */
  publish(): Promise<void>;
  /** Removes what was added and never published. */
  discard(): Promise<void>;
}
