import type { Head } from '../../core/catalog/catalog.js';
import type { Json } from '../../core/json/canonical.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { Format } from '../port/format.js';
import type { PurgeNote, TrashSeal, TrashWindow } from '../port/reclaimer.js';

/**
 * A process that works on stores in memory. A backend operation is one or more steps; other processes run between
 * steps, and a process that died never reaches its next one.
 */
export interface MemoryProcess {
  readonly alive: boolean;
  /** Performs an atomic action when it is this process's turn. `what` is for traces. */
  step<T>(what: string, act: () => T): Promise<T>;
}

/** This program: it and its stores live until it ends. */
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
  /** The process that currently judges it. */
  judge?: MemoryProcess;
}

/** Added by a batch and not published. */
export interface MemoryStaged {
  readonly lease: string;
  readonly objects: Map<ObjectId, Uint8Array>;
}

/** The state of one store. Maps keep insertion order. */
export interface MemoryState {
  readonly format: Format;
  readonly formatBytes: Uint8Array;
  readonly workspace: string;
  readonly entries: Map<number, Uint8Array>;
  readonly objects: Map<ObjectId, Uint8Array>;
  /** By batch name. */
  readonly trash: Map<string, MemoryTrash>;
  readonly leases: Map<string, MemoryLeaseState>;
  readonly staged: Set<MemoryStaged>;
  readonly exclusive: Map<string, MemoryProcess>;
  /** The anchor. */
  seen: Head | undefined;
  accepted: { readonly outputRoot: string | undefined } | undefined;
}
