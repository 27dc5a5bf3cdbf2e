import type { ObjectId } from '../../core/objects/ids.js';
import type { ObjectFile } from './object-source.js';

export interface StoredObject {
  readonly id: ObjectId;
  /** Bytes; undefined where that was not asked for and would cost a look at each. */
  readonly size?: number;
}

/** What objects lie in together: a directory, or one pack. One object may lie in several. */
export interface ObjectPlace {
  /** The batch of the trash that they lie in; undefined: they are in use. */
  readonly batch?: string;
  /** The pack that holds them. */
  readonly pack?: ObjectId;
  /** Bytes of this very copy; undefined: it was taken away meanwhile. */
  size(id: ObjectId): Promise<number | undefined>;
  /** Opens this very copy; ENOENT when it was taken away meanwhile, INTEGRITY when it is no object. */
  open(id: ObjectId): Promise<ObjectFile>;
  /** What this copy is called, for people, relative to the store. */
  nameOf(id: ObjectId): string;
  /** Lets go of what was opened to read it. */
  close(): Promise<void>;
}

export interface ObjectGroup extends ObjectPlace {
  readonly objects: Iterable<StoredObject>;
}

/** A part of the store that cannot be looked into. */
export interface Unlistable {
  /** The pack that is damaged; undefined: a whole directory. */
  readonly pack?: ObjectId;
  readonly message: string;
  readonly cause: unknown;
}

export interface InventoryRequest {
  /** Both, if it is left out. */
  readonly where?: 'in use' | 'trash';
  /** Only objects whose ids begin with these hexadecimal digits. */
  readonly prefix?: string;
  /** Whether each object comes with its size, which may cost a look at each. */
  readonly sizes?: boolean;
  /**
   * Is told of what cannot be looked into; of packs then only those are listed whose index is proven whole.
   * Without it, what cannot be listed is thrown, and a pack that cannot be opened is passed over.
   */
  readonly unlistable?: (what: Unlistable) => void;
}

/** Something on its way into the store, or left on it by a command that died. */
export interface Staged {
  /** As people see it. */
  readonly name: string;
  /** Token of the lease that it seems to belong to. */
  readonly lease: string;
}

/** What a store holds: the one enumeration, listed anew by each call. */
export interface Inventory {
  /**
   * Every object that is there for as long as the listing takes, in use first. One that moves meanwhile may be
   * missed or listed twice: who must be certain of one asks for it.
   */
  groups(request?: InventoryRequest): AsyncIterable<ObjectGroup>;
  staged(): Promise<readonly Staged[]>;
}
