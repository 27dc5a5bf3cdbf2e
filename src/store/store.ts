import type { Catalog, Head } from '../core/catalog/catalog.js';
import type { DoctorCheck } from '../core/health-check.js';
import { parseCanonical } from '../core/json/canonical.js';
import { checkPayload, type LedgerEntry } from '../core/ledger/entry.js';
import type { LedgerOp } from '../core/ledger/operation.js';
import type { EntryPayload } from '../core/ledger/payload.js';
import { sha256 } from '../core/objects/hash.js';
import { decodePolicy, MAX_POLICY_BYTES, type Policy } from '../core/policy/policy.js';
import type { HsError } from '../errors/hs-error.js';
import { StoreCatalog } from './catalog/store-catalog.js';
import { Anchor } from './ledger/anchor.js';
import { Ledger } from './ledger/ledger.js';
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

const MAX_PAYLOAD_BYTES = 256 * 1024 * 1024;

/**
 * An open store, wherever it lies: the one place where what a backend keeps becomes objects that prove
 * themselves, a ledger that is a chain, and the catalog folded from it.
 */
export class Store {
  readonly effects: StoreEffects;
  readonly format: Format;
  readonly objects: ObjectStore;
  readonly ledger: Ledger;
  /** The entries as they are kept, for who looks into a ledger that may be broken. */
  readonly entries: LedgerStore;
  readonly anchor: Anchor;
  readonly leases: LeaseTable;
  readonly inventory: Inventory;
  readonly reclaimer: Reclaimer;
  /** What of it is on this machine. */
  readonly local: LocalSide;
  readonly index: CatalogIndex | undefined;
  readonly #backend: Backend;
  readonly #catalog: StoreCatalog;
  /** Why nothing may be appended, where that is so. */
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

  /** Goes on with a ledger that lacks what was seen of it: to be read, and not written to. */
  readOnlyBecause(behind: HsError): void {
    this.anchor.hold();
    this.#behind = behind;
  }

  /** Throws where this store may only be read. */
  demandWritable(): void {
    if (this.#behind !== undefined) throw this.#behind;
  }

  /** Objects for a commit, under the lease with this token. */
  batch(lease: string): ObjectBatch {
    return this.#backend.batch(lease);
  }

  opsOf(entry: LedgerEntry): Promise<readonly LedgerOp[]> {
    return this.#catalog.opsOf(entry);
  }

  /** How many there are, and the first of them; of a long list the rest is only compared with its name. */
  firstOps(
    entry: LedgerEntry,
    most: number,
  ): Promise<{ readonly count: number; readonly ops: readonly LedgerOp[] }> {
    return this.#catalog.firstOps(entry, most);
  }

  async payloadOf(entry: LedgerEntry): Promise<EntryPayload> {
    if (entry.payload_object === undefined) return entry.payload!;
    const bytes = await this.objects.read(entry.payload_object, MAX_PAYLOAD_BYTES);
    return checkPayload(entry.type, parseCanonical(bytes, MAX_PAYLOAD_BYTES, 'paths'));
  }

  async policy(catalog: Catalog): Promise<Policy> {
    return decodePolicy(await this.objects.read(catalog.policyId, MAX_POLICY_BYTES));
  }

  /**
   * The state at the head from the ledger alone, the whole chain checked: what removals and marks go
   * by. `visit` sees every entry on the way.
   */
  foldFromLedger(visit?: (entry: LedgerEntry) => void): Promise<Catalog> {
    return this.#catalog.fromLedger(visit);
  }

  /**
   * The state at the head, from the index where there is one. A frozen view, valid for the next few calls.
   * With a signal, bringing it up to the head ends when that is aborted.
   */
  catalog(signal?: AbortSignal): Promise<Catalog> {
    return this.#catalog.atHead(signal);
  }

  /** Reads the chain up to a head without folding it: fails where a fold of the ledger would. */
  checkChain(head: Head): Promise<void> {
    return this.#catalog.checkChain(head);
  }

  /** INTEGRITY where it is not made as a store is. */
  checkStructure(): Promise<void> {
    return this.#backend.checkStructure();
  }

  /** What in it does not belong, or is not as it should be; objects are not read. */
  check(): Promise<readonly RepairableFinding[]> {
    return this.#backend.check();
  }

  /** What it lies on, by looking only. */
  examine(): Promise<readonly DoctorCheck[]> {
    return this.#backend.examine();
  }

  /** What that can do, tried under the lease with this token. SYSTEM where it cannot hold a store. */
  tryOut(lease: string): Promise<readonly DoctorCheck[]> {
    return this.#backend.tryOut(lease);
  }

  /**
   * Before anything of the store is believed. One that this user has never met is looked over (INTEGRITY), and
   * the index that came with it is thrown away: derived data that somebody else made proves nothing. Without
   * `demand` it is not looked over, for the commands that tell what is wrong, and stays unmet.
   * `doubt` is why the way to it is not to be trusted, which is thrown unless this user accepted the store.
   */
  async meet(demand: boolean, doubt?: HsError): Promise<void> {
    const { trust } = this.local;
    if (await trust.isKnown()) {
      if (doubt !== undefined && !(await trust.isAccepted())) throw doubt;
      return;
    }
    // Versions before this one kept an anchor and no more: who has one has used the store.
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

  /** This user has just made it: it is theirs, and what was seen of its ledger is its first entry. */
  async adopt(): Promise<void> {
    await this.local.trust.accept();
    await this.anchor.keep(await this.ledger.head());
  }

  /** Lets go of the index; catalogs handed out before are no longer valid. */
  async close(): Promise<void> {
    await this.objects.close();
    await this.index?.close();
    await this.#backend.close();
  }
}
