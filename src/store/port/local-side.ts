import type { Head } from '../../core/catalog/catalog.js';
import type { Disk } from '../../fsx/disk.js';

/**
 * Whether this user created or accepted the store at this path. A store that came with a clone or an archive works
 * like any other but is not trusted: its index and journals are discarded, and its policy has no effect outside its
 * workspace.
 */
export interface StoreTrust {
  /** The directory of these records, for display; undefined: none. */
  readonly place: string | undefined;
  /** Whether this user has used the store before. */
  isKnown(): Promise<boolean>;
  isAccepted(): Promise<boolean>;
  /** The accepted output root outside the workspace, absolute. */
  acceptedOutputRoot(): Promise<string | undefined>;
  /** Whether nothing is recorded about this store, as with versions that kept only its anchor. */
  isUnrecorded(): Promise<boolean>;
  /** Records the store as it is now. False: could not be written. */
  note(): Promise<boolean>;
  /** Accepts the store, and an output root outside its workspace if given. False: could not be written. */
  accept(outputRoot?: string): Promise<boolean>;
}

/** Where this user keeps the highest ledger position seen, outside the store. */
export interface AnchorStore {
  /** Absolute; undefined: nowhere to keep one. Never overwritten by an export. */
  readonly path: string | undefined;
  /** Message for an anchor that cannot be written. */
  readonly unkept: string;
  /** Message for an anchor that exists but cannot be read. */
  readonly lost: string;
  /** The anchor; undefined: none. `lost`: it exists but cannot be read, and renewing it would hide a rollback. */
  look(): Promise<Head | 'lost' | undefined>;
  /** Records a position. False: could not be written, which does not fail a command. */
  write(head: Head): Promise<boolean>;
  /** Whether the anchor can be advanced. */
  isWritable(): Promise<boolean>;
}

/** Working directories of `hs run`, on a filesystem of this machine from which outputs can be moved into the store. */
export interface RunDirectories {
  /** Accesses them without following links. */
  readonly disk: Disk;
  /**
   * Path for the run under the lease with this token, by which it is found when that lease is dead. Not yet created.
   */
  pathOf(lease: string): string;
}

/** The part of a store that is on this machine, and the only one that has paths. */
export interface LocalSide {
  /** Default destination of exports, and the project directory that runs see; absolute. */
  readonly workspace: string;
  /** The directory of the store or its mirror; nothing is imported from or exported to it. */
  readonly directory: string;
  readonly trust: StoreTrust;
  readonly anchor: AnchorStore;
  readonly runs: RunDirectories;
}
