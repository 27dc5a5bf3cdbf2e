import type { ProgressSink } from '../../core/effects.js';
import type { ObjectId, Timestamp } from '../../core/objects/ids.js';
import type { ObjectGroup } from './inventory.js';

/** `zero`: sensitive or to be purged, no time to undo; `kept`: kept for the policy's trash window. */
export type TrashWindow = 'zero' | 'kept';

/** Noted when nothing more is moved into a batch. */
export interface TrashSeal {
  readonly sealed_at: Timestamp;
  /** Leases that were there after the last object was taken out of use: purged only when all of them are gone. */
  readonly leases: readonly string[];
}

/** What a purge decided to do with a batch, noted before its first byte goes. */
export interface PurgeNote {
  readonly objects: number;
  readonly size_bytes: number;
  readonly brought_back: number;
}

/** Objects that were taken out of use together. */
export interface TrashBatch {
  /** Begins with the 17 digits of the time at which it was begun. */
  readonly name: string;
  readonly window: TrashWindow;
  /** Absent while it is being filled, or after a crash. */
  readonly seal?: TrashSeal;
  /** Set when a purge of it was begun. */
  readonly purge?: PurgeNote;
}

/** Of a group that the inventory listed, what is to be taken out of use. */
export interface Condemned {
  readonly group: ObjectGroup;
  readonly ids: readonly ObjectId[];
}

/** What decides about an object that is taken out of use. */
export interface Verdict {
  isInUse(id: ObjectId): boolean;
  windowOf(id: ObjectId): TrashWindow;
  /** Bytes, where the ledger or an index says so: a look at each file would take as long as moving it. */
  sizeOf(id: ObjectId): number | undefined;
}

/** What a step of a collection works under. */
export interface Working {
  /** Token of the lease that what it stages goes with; taken when it is first asked for. */
  staging(): Promise<string>;
  readonly signal?: AbortSignal | undefined;
  readonly progress: ProgressSink;
}

export interface Swept {
  readonly objects: number;
  readonly size_bytes: number;
}

export interface TakenOut {
  /** Not sealed yet: whoever is about to use again what lies there finds it. */
  readonly batches: readonly TrashBatch[];
  readonly swept: Swept;
  /** Why something that is out of use was left where it is. */
  readonly left: readonly string[];
}

/** How a purge goes about a batch. */
export interface Erasure {
  /** What something live names: it stays. */
  isInUse(id: ObjectId): boolean;
  /** What other bytes are known by, and goes after all of them. */
  isLast(id: ObjectId): boolean;
  /** What earlier batches of this purge counted already; what this one counts is added. */
  readonly counted: Set<ObjectId>;
  /** Of this batch, what {@link Reclaimer.rescue} has just put back. */
  readonly broughtBack: number;
}

/**
 * Takes objects out of use and removes their bytes, in the steps of a collection (`collector`), which decides what
 * and when. One collector at a time. At every moment of every step an object that is in use or in the trash can
 * be read, and a step that a death interrupts is done again, or finished, by the next collection.
 */
export interface Reclaimer {
  /** Oldest first. */
  batches(): Promise<TrashBatch[]>;
  /** The objects that lie in a batch, in order; none when it has gone. */
  contents(batch: TrashBatch): Promise<readonly ObjectId[]>;
  /**
   * Takes objects out of use, each into a new batch of its window. `older` are looked through too: what has no
   * window now moves out of a batch that has one.
   */
  condemn(
    condemned: readonly Condemned[],
    verdict: Verdict,
    older: readonly TrashBatch[],
    now: Timestamp,
    working: Working,
  ): Promise<TakenOut>;
  /** Notes, durably, that nothing more is moved into a batch. */
  seal(batch: TrashBatch, seal: TrashSeal): Promise<TrashBatch>;
  /** Puts back, durably, what of a batch is in use; the number of objects that were in the trash alone. */
  rescue(batch: TrashBatch, isInUse: (id: ObjectId) => boolean, working: Working): Promise<number>;
  /**
   * Removes the bytes of a sealed batch for good. Returns what that was: a purge that was begun before it died
   * decided the figures then.
   */
  erase(batch: TrashBatch, erasure: Erasure, working: Working): Promise<PurgeNote>;
  /** Removes an erased batch; why it is left where it has to be (D8). */
  drop(batch: TrashBatch): Promise<readonly string[]>;
  /** Whether `consolidate` would do anything. */
  needsConsolidation(): Promise<boolean>;
  /** Puts together what lies in too many small parts, where there is room. */
  consolidate(working: Pick<Working, 'staging' | 'signal'>): Promise<void>;
  /** Removes the damaged copies that lie beside a good one of an object; false when there is no good one. */
  dropCopies(id: ObjectId, lease: string): Promise<boolean>;
}
