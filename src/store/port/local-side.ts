import type { Head } from '../../core/catalog/catalog.js';
import type { Disk } from '../../fsx/disk.js';

/**
 * Whether this user made or accepted the store at this very place. One that came with a clone or an archive
 * works as any other, but is not taken at its word: its index and the journals in it are discarded, and
 * nothing of its policy counts outside of its workspace.
 */
export interface StoreTrust {
  /** The directory in which that is remembered, for people; undefined: there is none. */
  readonly place: string | undefined;
  /** Whether a command of this user has been here before. */
  isKnown(): Promise<boolean>;
  isAccepted(): Promise<boolean>;
  /** The output root outside of the workspace that counts, absolute. */
  acceptedOutputRoot(): Promise<string | undefined>;
  /** Whether nothing at all was written down of this store, as by versions that only kept its anchor. */
  isUnrecorded(): Promise<boolean>;
  /** Remembers the store as it stands. False: that cannot be written. */
  note(): Promise<boolean>;
  /** Accepts the store, and with it an output root outside of its workspace. False: that cannot be written. */
  accept(outputRoot?: string): Promise<boolean>;
}

/** Where this user keeps the highest position that they have seen of a ledger, outside of the store. */
export interface AnchorStore {
  /** Absolute; undefined: there is no place for one. Nothing is exported over it. */
  readonly path: string | undefined;
  /** What to say where it cannot be written. */
  readonly unkept: string;
  /** What to say where one is there that cannot be read. */
  readonly lost: string;
  /** What was seen, or undefined: never. `lost` where one is there and cannot be read: to renew it would hide what it was to find. */
  look(): Promise<Head | 'lost' | undefined>;
  /** Remembers a position. False: that cannot be written, which is no failure of a command. */
  write(head: Head): Promise<boolean>;
  /** Whether it can be moved on. */
  isWritable(): Promise<boolean>;
}

/** Directories of `hs run`, on a disk of this machine where the outputs can be moved into the store from. */
export interface RunDirectories {
  /** Reaches them without following a link. */
  readonly disk: Disk;
  /** That of the run whose lease has this token; whoever finds the lease dead knows it by that. Not yet made. */
  pathOf(lease: string): string;
}

/** What a store has on this machine, wherever it lies itself: the one part of it that has paths. */
export interface LocalSide {
  /** Where exports go that name no destination, and what runs see as the project: absolute. */
  readonly workspace: string;
  /** The directory that holds the store, or its mirror: nothing is taken in from there or exported to it. */
  readonly directory: string;
  readonly trust: StoreTrust;
  readonly anchor: AnchorStore;
  readonly runs: RunDirectories;
}
