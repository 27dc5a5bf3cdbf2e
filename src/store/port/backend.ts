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
 * A home of a store: all that hs knows of where one lies. `src/store/local` is a directory of this machine,
 * `src/store/memory` is the memory of one program. What makes a store of it (`Store`) is the same for all.
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
  /** Objects for a commit, under the lease with this token. */
  batch(lease: string): ObjectBatch;
  /** INTEGRITY where the store is not made as one is; for one that this user has not met before. */
  checkStructure(): Promise<void>;
  /** What in it does not belong, or is not as it should be: names, modes, leftovers (`hs fsck`). Objects are not read. */
  check(): Promise<readonly RepairableFinding[]>;
  /** What it lies on, by looking only (`hs doctor`). */
  examine(): Promise<readonly DoctorCheck[]>;
  /** What that can do, tried under the lease with this token. Fails as what was tried does; SYSTEM where it cannot hold a store. */
  tryOut(lease: string): Promise<readonly DoctorCheck[]>;
  close(): Promise<void>;
}

export interface OpenedBackend {
  readonly backend: Backend;
  /** Why the way to it is not to be trusted: to be thrown, unless this user has accepted the store. */
  readonly doubt?: HsError | undefined;
  /** What the user should know of a store that they named. */
  readonly warning?: string | undefined;
}

export interface CreateRequest {
  /** Absolute; the directory that will hold the store. It must exist. */
  readonly workspace: string;
  readonly actor: Actor;
  readonly allowSetClock: boolean;
  /** Whether the group of the directory writes to it as well. */
  readonly shared?: boolean;
  readonly setClock?: number;
}

/** Where stores are found and made: the door to the backends that there are. */
export interface StoreHome {
  /** The store that is named, or the one that the current directory is in. NO_STORE, UNKNOWN_FORMAT, REFUSED. */
  open(named: string | undefined): Promise<OpenedBackend>;
  /** Makes an empty store, whole or not at all. CONFLICT where there is one already. */
  create(request: CreateRequest, clock: Clock): Promise<Backend>;
  /** The directory of the store that the current directory is in, if there is one; it is not opened. */
  around(): Promise<string | undefined>;
}

/** What a store needs besides its backend. */
export interface StoreEffects {
  readonly clock: Clock;
  readonly random: Random;
  readonly trace?: Trace;
  /** Is told once where the anchor cannot be kept; left out by who only reads. */
  readonly warn?: (message: string) => void;
}
