import type { ObjectId } from '../../core/objects/ids.js';
import type { Digests } from '../../core/objects/pack-index.js';
import type { ObjectFile } from './object-source.js';

export interface StoredObject {
  readonly id: ObjectId;
  /** Bytes; undefined when sizes were not requested and would cost a stat each. */
  readonly size?: number;
}

/** One of the objects of a container that is read as a whole. */
export interface ObjectBytes {
  readonly id: ObjectId;
  /** Bytes. */
  readonly size: number;
  /** Valid until the next block is asked for; undefined: it cannot be read with the others, but must be opened. */
  readonly bytes: Uint8Array | undefined;
}

/** A container of objects: a directory or one pack. One object may be in several. */
export interface ObjectPlace {
  /** The trash batch that holds them; undefined: they are in use. */
  readonly batch?: string;
  /** The pack that holds them. */
  readonly pack?: ObjectId;
  /** Bytes of content of which what stays is written anew when some are taken out. Undefined: none, or few. */
  readonly rewrites?: number | undefined;
  /** Bytes of this copy; undefined: removed meanwhile. */
  size(id: ObjectId): Promise<number | undefined>;
  /** Opens this copy; ENOENT when it was removed meanwhile, INTEGRITY when it is not an object. */
  open(id: ObjectId): Promise<ObjectFile>;
  /** All copies with their bytes, unverified, in blocks and in the order that is read fastest. Undefined: open each. */
  contents?(): Promise<AsyncIterable<readonly ObjectBytes[]> | undefined>;
  /** Name of this copy for display, relative to the store. */
  nameOf(id: ObjectId): string;
  /** Closes what was opened for reading; it may be read again. */
  close(): Promise<void>;
}

export interface ObjectGroup extends ObjectPlace {
  readonly objects: Iterable<StoredObject>;
  /** The ids of all of them, where they are had as bytes. */
  readonly digests?: Digests | undefined;
}

/** A part of the store that cannot be listed. */
export interface Unlistable {
  /** The damaged pack; undefined: a whole directory. */
  readonly pack?: ObjectId;
  readonly message: string;
  readonly cause: unknown;
}

export interface InventoryRequest {
  /** Default: both. */
  readonly where?: 'in use' | 'trash';
  /** Only objects whose ids start with these hexadecimal digits. */
  readonly prefix?: string;
  /** Whether to return sizes, which may cost a stat of each object. */
  readonly sizes?: boolean;
  /**
   * Called for each part that cannot be listed; packs are then only listed if their index is verified as a whole.
   * Without it, listing errors are thrown, and a pack that cannot be opened is skipped.
   */
  readonly unlistable?: (what: Unlistable) => void;
  /**
   * Whether the objects of a group are listed before the next is asked for, and its place read and closed before another:
   * then no more than one container is held in memory.
   */
  readonly unheld?: boolean;
}

/** A file being staged for the store, or left behind by a command that died. */
export interface Staged {
  /** For display. */
  readonly name: string;
  /** Token of the lease in its name. */
  readonly lease: string;
  /** Whether no command stages files of that name or kind. */
  readonly isStray: boolean;
}

/** What has the name of an object in the quarantine, unverified. */
export interface QuarantinedCopy {
  readonly id: ObjectId;
  /** For display, relative to the store. */
  readonly name: string;
  /** ENOENT when somebody removed it. */
  open(): Promise<ObjectFile>;
}

/** Files in the quarantine. */
export interface Quarantined {
  readonly files: number;
  readonly size_bytes: number;
}

/** The objects of a store; each call lists them anew. */
export interface Inventory {
  /**
   * Every object that is present throughout the listing, those in use first. One that is moved meanwhile may be
   * missed or listed twice: to be certain of one, look it up.
   */
  groups(request?: InventoryRequest): AsyncIterable<ObjectGroup>;
  staged(): Promise<readonly Staged[]>;
  /** What repairs set aside; hs removes none of it. */
  quarantine(): Promise<Quarantined>;
  /**
   * The absolute path of the quarantine if what is there may hold bytes of these objects, or of any: no more is known of
   * what is damaged than its name, and which objects were in a pack whose index is intact.
   */
  quarantineOf(ids: ReadonlySet<ObjectId> | 'any'): Promise<string | undefined>;
  /** The files there that have the names of these objects: a repair that was cut short may have left a good one. */
  quarantinedCopies(ids: ReadonlySet<ObjectId>): Promise<readonly QuarantinedCopy[]>;
}
