import type { Clock, Random, Trace } from '../../core/effects.js';
import type { DoctorCheck } from '../../core/health-check.js';
import type { Actor } from '../../core/policy/authorize.js';
import type { HsError } from '../../errors/hs-error.js';
import type { RepairableFinding } from '../../store/port/finding.js';
import type { CatalogIndex } from './catalog-index.js';
import type { Format } from './format.js';
import type { Inventory } from './inventory.js';
import type { LeaseTable } from './lease-table.js';
import type { LedgerStore } from './ledger-store.js';
import type { LocalSide } from './local-side.js';
import type { ObjectBatch } from './object-batch.js';
import type { ObjectSource } from './object-source.js';
import type { Reclaimer } from './reclaimer.js';

/**
 * Where a store is kept: everything hs knows about storage. `src/store/local` is a directory on this machine,
 * `src/store/memory` the memory of one program. `Store` works the same on all of them.
 */
export interface Backend {
  readonly format: Format;
  /** The exact bytes of `format.json`, which entry 0 follows. */
  readonly formatBytes: Uint8Array;
  readonly ledger: LedgerStore;
  readonly objects: ObjectSource;
  readonly reclaimer: Reclaimer;
  readonly leases: LeaseTable;
  readonly inventory: Inventory;
  /** Undefined: the ledger is folded in memory. */
  readonly index: CatalogIndex | undefined;
  readonly local: LocalSide;
  /** Starts a batch of objects for a commit, under the lease with this token. */
  batch(lease: string): ObjectBatch;
  /** INTEGRITY when the layout is not that of a store; for a store new to this user. */
  checkStructure(): Promise<void>;
  /** Finds stray names, wrong modes and leftovers (`hs fsck`). Objects are not read. */
  check(): Promise<readonly RepairableFinding[]>;
  /** Inspects the storage without writing (`hs doctor`). */
  examine(): Promise<readonly DoctorCheck[]>;
  /**
   * Tests the storage under the lease with this token. Fails with the error of the test; SYSTEM where it cannot hold
   * a store.
   */
  tryOut(lease: string): Promise<readonly DoctorCheck[]>;
  /** Closes all of it, its objects and its index too, once nothing uses it any more. */
  close(): Promise<void>;
}

export interface OpenedBackend {
  readonly backend: Backend;
  /** Why the path to the store is not trusted; thrown unless this user has accepted the store. */
  readonly doubt?: HsError | undefined;
  /** Why nothing can be written to it; thrown by every change. */
  readonly readOnly?: HsError | undefined;
  /** A warning about a store that the user named. */
  readonly warning?: string | undefined;
}

export interface CreateRequest {
  /** Absolute; the existing directory that will hold the store. */
  readonly workspace: string;
  readonly actor: Actor;
  readonly allowSetClock: boolean;
  /** Whether the directory's group can write to the store. */
  readonly shared?: boolean;
  readonly setClock?: number;
}

/** Finds and creates stores. */
export interface StoreHome {
  /** The named store, or the one around the current directory. NO_STORE, UNKNOWN_FORMAT, REFUSED. */
  open(named: string | undefined): Promise<OpenedBackend>;
  /** Creates an empty store atomically. CONFLICT when there is one already. */
  create(request: CreateRequest, clock: Clock): Promise<Backend>;
  /** Directory of the store around the current directory, if any; the store is not opened. */
  around(): Promise<string | undefined>;
}

/** What a store needs besides its backend. */
export interface StoreEffects {
  readonly clock: Clock;
  readonly random: Random;
  readonly trace?: Trace;
  /** Called once when the anchor cannot be kept; omitted by read-only users. */
  readonly warn?: (message: string) => void;
}
