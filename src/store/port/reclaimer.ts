import type { ProgressSink } from '../../core/effects.js';
import type { ObjectId, Timestamp } from '../../core/objects/ids.js';
import type { ObjectGroup } from './inventory.js';

/** `zero`: sensitive or to be purged, no undo window; `kept`: kept for the policy's trash window. */
export type TrashWindow = 'zero' | 'kept';

/** Written once nothing more is moved into a batch. */
export interface TrashSeal {
  readonly sealed_at: Timestamp;
  /** Leases present after the last object was moved in; the batch is purged only when all of them are gone. */
  readonly leases: readonly string[];
}

/** What a purge will do with a batch, recorded before it removes the first byte. */
export interface PurgeNote {
  readonly objects: number;
  readonly size_bytes: number;
  readonly brought_back: number;
}

/** Objects taken out of use together. */
export interface TrashBatch {
  /** Starts with the 17 digits of its creation time. */
  readonly name: string;
  readonly window: TrashWindow;
  /** Absent while the batch is being filled, or after a crash. */
  readonly seal?: TrashSeal;
  /** Set once a purge of the batch has begun. */
  readonly purge?: PurgeNote;
}

/** The objects to take out of use from one listed group. */
export interface UnusedObjects {
  readonly group: ObjectGroup;
  readonly ids: readonly ObjectId[];
}

/** Decides about objects that are taken out of use. */
export interface SweepRules {
  isInUse(id: ObjectId): boolean;
  windowOf(id: ObjectId): TrashWindow;
  /** Bytes, if the ledger or an index has the size: a stat of each file would take as long as moving it. */
  sizeOf(id: ObjectId): number | undefined;
  /** Whether an object of an older batch moves to a new one: its window has become zero, or begins anew. */
  leaves(id: ObjectId, batch: TrashBatch): boolean;
}

/** Whether an object goes for good with a batch that has it. */
export type GoesWith = (id: ObjectId, batch: TrashBatch) => boolean;

/** Lease, abort signal and progress of a collection step. */
export interface Working {
  /** Token of the lease for staged files; taken on first use. */
  staging(): Promise<string>;
  readonly signal?: AbortSignal | undefined;
  readonly progress: ProgressSink;
}

export interface Swept {
  readonly objects: number;
  readonly size_bytes: number;
}

export interface TakenOut {
  /** Not sealed yet, so that a writer about to reuse an object in one finds it. */
  readonly batches: readonly TrashBatch[];
  readonly swept: Swept;
  /** Why objects that are out of use were left in place. */
  readonly left: readonly string[];
}

/** How to purge a batch. */
export interface Erasure {
  /** Whether something live names the object; it is then kept. */
  isInUse(id: ObjectId): boolean;
  /** Whether the object is what other objects are found by, and is removed after them. */
  isLast(id: ObjectId): boolean;
  /** Objects counted by earlier batches of this purge; newly counted ones are added. */
  readonly counted: Set<ObjectId>;
  /** Number of objects of this batch that {@link Reclaimer.rescue} just put back. */
  readonly broughtBack: number;
}

/**
 * Takes objects out of use and removes their bytes, in the steps of a collection; `collector` decides what and when.
 * One collector runs at a time. At every moment of every step, objects in use or in the trash can be read. The next
 * collection repeats or finishes a step that was interrupted.
 */
export interface Reclaimer {
  /** Oldest first. */
  batches(): Promise<TrashBatch[]>;
  /** The objects in a batch, in order; empty once it is gone. */
  contents(batch: TrashBatch): Promise<readonly ObjectId[]>;
  /**
   * Takes objects out of use, each into a new batch of its window. What `leaves` one of the `older` batches moves to
   * a new one too.
   */
  moveToTrash(
    unused: readonly UnusedObjects[],
    rules: SweepRules,
    older: readonly TrashBatch[],
    now: Timestamp,
    working: Working,
  ): Promise<TakenOut>;
  /** Records durably that nothing more is moved into a batch. */
  seal(batch: TrashBatch, seal: TrashSeal): Promise<TrashBatch>;
  /**
   * Durably puts back the objects of a batch that are in use; returns the number of those that were only in the
   * trash.
   */
  rescue(batch: TrashBatch, isInUse: (id: ObjectId) => boolean, working: Working): Promise<number>;
  /**
   * Keys that the ledger must condemn before `erase` may remove them, for what of sealed batches `goes`: where nothing
   * keeps a writer from relying on them until it reads that entry. `goes` is asked once, with what is there. Called
   * again after each lost race. Undefined: the trash is out of a writer's reach.
   */
  readonly toCondemn?: (
    batches: readonly TrashBatch[],
    goes: (isThere: (id: ObjectId) => boolean) => Promise<GoesWith>,
    working: Working,
  ) => Promise<readonly string[]>;
  /**
   * Those of these objects of which everything that is there is condemned: they go, whatever names them. The others
   * stay where they are, though a batch has them. Undefined: the trash is a place, from which what is live must come back.
   */
  readonly onlyCondemned?: (ids: Iterable<ObjectId>) => Promise<ReadonlySet<ObjectId>>;
  /** The number of the newest entry that condemned anything, 0 for none. Undefined: nothing is condemned here. */
  readonly newestCondemnation?: () => number;
  /**
   * Removes the bytes of a sealed batch for good and returns the figures; what had to be condemned and is not stays, and
   * leaves the batch. A purge that was interrupted keeps the figures it recorded.
   */
  erase(batch: TrashBatch, erasure: Erasure, working: Working): Promise<PurgeNote>;
  /** Removes an erased batch; returns why anything had to be left (D8). */
  drop(batch: TrashBatch): Promise<readonly string[]>;
  /** Whether `consolidate` would do anything. */
  needsConsolidation(): Promise<boolean>;
  /** Merges small parts when there are too many, if space allows. */
  consolidate(working: Pick<Working, 'staging' | 'signal'>): Promise<void>;
  /**
   * Removes copies in packs of an object that has a file of its own; false when there is none, or its bytes do not
   * match its name.
   */
  dropCopies(id: ObjectId, lease: string): Promise<boolean>;
  /** Damaged copies in packs stay beside an intact one, which is read: `dropCopies` is for what is on this machine. */
  readonly keepsCopies?: true;
  /**
   * Moves the copies of these objects that are in use and do not match their name to the quarantine; intact copies
   * stay. Returns the objects without a damaged copy in use. Undefined: there is no quarantine here.
   */
  readonly setAside?: (ids: ReadonlySet<ObjectId>, lease: string) => Promise<ReadonlySet<ObjectId>>;
}
