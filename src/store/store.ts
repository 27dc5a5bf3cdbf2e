import type { Catalog, Head } from '../core/catalog/catalog.js';
import { TablesDamaged } from '../core/catalog/key-tables.js';
import type { DoctorCheck } from '../core/health-check.js';
import type { LedgerEntry } from '../core/ledger/entry.js';
import type { EntryPayload } from '../core/ledger/entry-types.js';
import type { LedgerOp } from '../core/ledger/operation.js';
import { sha256 } from '../core/objects/hash.js';
import { decodePolicy, MAX_POLICY_BYTES, type Policy } from '../core/policy/policy.js';
import type { HsError } from '../errors/hs-error.js';
import { StoreCatalog } from './catalog/store-catalog.js';
import { Anchor } from './ledger/anchor.js';
import { Ledger } from './ledger/ledger.js';
import type { FirstOps } from './ledger/operations-object.js';
import { ObjectStore } from './objects/object-store.js';
import type { Backend, StoreEffects } from './port/backend.js';
import type { CatalogIndex } from './port/catalog-index.js';
import type { RepairableFinding } from './port/finding.js';
import type { Format } from './port/format.js';
import type { Inventory } from './port/inventory.js';
import type { LeaseTable } from './port/lease-table.js';
import type { LedgerStore } from './port/ledger-store.js';
import type { LocalSide } from './port/local-side.js';
import type { ObjectBatch } from './port/object-batch.js';
import type { Reclaimer } from './port/reclaimer.js';

/**
 * An open store on any backend. Turns what the backend keeps into verified objects, a checked ledger and the catalog
 * folded from it.
 */
export class Store {
  readonly effects: StoreEffects;
  readonly format: Format;
  readonly objects: ObjectStore;
  readonly ledger: Ledger;
  /** The raw entries, for callers that inspect a possibly broken ledger. */
  readonly entries: LedgerStore;
  readonly anchor: Anchor;
  readonly leases: LeaseTable;
  readonly inventory: Inventory;
  readonly reclaimer: Reclaimer;
  /** The part of the store that is on this machine. */
  readonly local: LocalSide;
  readonly index: CatalogIndex | undefined;
  readonly #backend: Backend;
  readonly #catalog: StoreCatalog;
  /** Why nothing may be appended, if so. */
  #behind: HsError | undefined;

  constructor(backend: Backend, effects: StoreEffects) {
    this.#backend = backend;
    this.effects = effects;
    this.format = backend.format;
    this.objects = new ObjectStore(backend.objects);
    this.entries = backend.ledger;
    this.ledger = new Ledger(backend.ledger, sha256(backend.formatBytes));
    this.anchor = new Anchor(backend.local.anchor, this.ledger, effects.warn);
    this.leases = backend.leases;
    this.inventory = backend.inventory;
    this.reclaimer = backend.reclaimer;
    this.local = backend.local;
    this.index = backend.index;
    this.#catalog = new StoreCatalog(this.ledger, this.objects, backend.index);
  }

  get id(): string {
    return this.format.store_id;
  }

  /** Makes the store read-only after entries seen before turned out to be missing. */
  readOnlyBecause(behind: HsError): void {
    this.anchor.hold();
    this.#behind = behind;
  }

  /** Throws when the store is read-only. */
  demandWritable(): void {
    if (this.#behind !== undefined) throw this.#behind;
  }

  /** Starts a batch of objects for a commit, under the lease with this token. */
  batch(lease: string): ObjectBatch {
    return this.#backend.batch(lease);
  }

  opsOf(entry: LedgerEntry): Promise<readonly LedgerOp[]> {
    return this.#catalog.opsOf(entry);
  }

  /** The same in parts, of a list in an object while it is read. */
  opsParts(entry: LedgerEntry): AsyncIterable<readonly LedgerOp[]> {
    return this.#catalog.opsParts(entry);
  }

  /** The number of operations and the first of them, as far as a history shows them. */
  firstOps(entry: LedgerEntry, catalog: Catalog): Promise<FirstOps> {
    return this.#catalog.firstOps(entry, catalog);
  }

  payloadOf(entry: LedgerEntry): Promise<EntryPayload> {
    return this.#catalog.payloadOf(entry);
  }

  /** The payload as far as a fold needs it: undefined for one that cannot be read. */
  payloadFor(entry: LedgerEntry): Promise<EntryPayload | undefined> {
    return this.#catalog.payloadFor(entry);
  }

  async policy(catalog: Catalog): Promise<Policy> {
    return decodePolicy(await this.objects.read(catalog.policyId, MAX_POLICY_BYTES));
  }

  /**
   * The state at the head, folded from the ledger alone with the whole chain checked. `visit` sees every entry.
   */
  foldFromLedger(visit?: (entry: LedgerEntry) => void): Promise<Catalog> {
    return this.#catalog.fromLedger(visit);
  }

  /**
   * The state at the head, from the index if there is one: a frozen view, valid for the next few calls. Aborting
   * `signal` stops the update to the head, and reads of many rows of it. ROLLED_BACK where it lacks what was seen
   * before: a program may hold a store open for days, and a collection would take what such a state does not have.
   */
  async catalog(signal?: AbortSignal): Promise<Catalog> {
    const catalog = await this.#catalog.atHead(signal);
    await this.anchor.demandSeen(catalog.head);
    return catalog;
  }

  /**
   * What `look` finds in the state at the head, for removals and marks. An index that does not prove itself in it is
   * discarded, and `look` begins again with a fold of the ledger.
   */
  async withProvenCatalog<T>(look: (catalog: Catalog) => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await look(await this.catalog(signal));
    } catch (e) {
      if (!(e instanceof TablesDamaged)) throw e;
      await this.index?.discard(e);
      return look(await this.catalog(signal));
    }
  }

  /** What `look` does with the state at the head; where it throws in one that was only assumed, it begins again. */
  async withConfirmedCatalog<T>(look: (catalog: Catalog) => Promise<T>, signal?: AbortSignal): Promise<T> {
    let head: Head | undefined;
    try {
      const catalog = await this.catalog(signal);
      head = catalog.head;
      return await look(catalog);
    } catch (e) {
      if (await this.anchor.confirm(head)) throw e;
      return look(await this.catalog(signal));
    }
  }

  /** INTEGRITY when the layout is not that of a store. */
  checkStructure(): Promise<void> {
    return this.#backend.checkStructure();
  }

  /** Finds stray, misplaced and leftover files and wrong modes; objects are not read. */
  check(): Promise<readonly RepairableFinding[]> {
    return this.#backend.check();
  }

  /** Inspects the storage without writing. */
  examine(): Promise<readonly DoctorCheck[]> {
    return this.#backend.examine();
  }

  /** Tests the storage under the lease with this token. SYSTEM where it cannot hold a store. */
  tryOut(lease: string): Promise<readonly DoctorCheck[]> {
    return this.#backend.tryOut(lease);
  }

  /**
   * Decides whether to trust the store; called before any of it is used. A store new to this user is checked
   * (INTEGRITY) and its index discarded: derived data made by somebody else proves nothing. Without `demand` the
   * check is skipped and the store stays unknown, for commands that diagnose it. `doubt`, the reason not to trust the
   * path to the store, is thrown unless this user accepted the store.
   */
  async establishTrust(demand: boolean, doubt?: HsError): Promise<void> {
    const { trust } = this.local;
    if (await trust.isKnown()) {
      if (doubt !== undefined && !(await trust.isAccepted())) throw doubt;
      return;
    }
    // Earlier versions kept only an anchor: a user who has one has used the store.
    const seen = (await trust.isUnrecorded()) ? await this.anchor.look() : undefined;
    if (seen !== undefined && seen !== 'lost') {
      await trust.accept();
      return;
    }
    if (doubt !== undefined) throw doubt;
    if (demand) await this.checkStructure();
    await this.index?.forget();
    if (demand) await trust.note();
  }

  /** Records that this user just created the store: it is trusted, and the anchor is its first entry. */
  async adopt(): Promise<void> {
    await this.local.trust.accept();
    await this.anchor.keep(await this.ledger.head());
  }

  /** Closes all of it; catalogs returned earlier become invalid. */
  close(): Promise<void> {
    return this.#backend.close();
  }
}
