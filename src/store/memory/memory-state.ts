import type { Head } from '../../core/catalog/catalog.js';
import type { Json } from '../../core/json/canonical.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { Format } from '../port/format.js';
import type { PurgeNote, TrashSeal, TrashWindow } from '../port/reclaimer.js';

/**
 * A process that works on stores in memory. Every operation of a backend is one or more steps; between two of
 * them, other processes go on, and one that has died never gets to its next.
 */
export interface MemoryProcess {
  readonly alive: boolean;
  /** Does something at once and whole, when it is this process's turn. `what` is for a trace. */
  step<T>(what: string, act: () => T): Promise<T>;
}

/** This program, which goes on until it ends, and its stores with it. */
export const thisProgram: MemoryProcess = { alive: true, step: async (_, act) => act() };

export interface MemoryTrash {
  readonly window: TrashWindow;
  readonly objects: Map<ObjectId, Uint8Array>;
  seal?: TrashSeal;
  purge?: PurgeNote;
}

export interface MemoryLeaseState {
  readonly owner: MemoryProcess;
  readonly journal: Json[];
  /** False: released without being removed, as if its owner had died. */
  held: boolean;
  /** Who judges it just now. */
  judge?: MemoryProcess;
}

/** What a batch has added and not published. */
export interface MemoryStaged {
  readonly lease: string;
  readonly objects: Map<ObjectId, Uint8Array>;
}

/** All that one store is. Maps keep the order in which things came. */
export interface MemoryState {
  readonly format: Format;
  readonly formatBytes: Uint8Array;
  readonly workspace: string;
  readonly entries: Map<number, Uint8Array>;
  readonly objects: Map<ObjectId, Uint8Array>;
  /** By the name of the batch. */
  readonly trash: Map<string, MemoryTrash>;
  readonly leases: Map<string, MemoryLeaseState>;
  readonly staged: Set<MemoryStaged>;
  readonly exclusive: Map<string, MemoryProcess>;
  /** What was seen of the ledger. */
  seen: Head | undefined;
  accepted: { readonly outputRoot: string | undefined } | undefined;
}
