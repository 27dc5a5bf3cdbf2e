import type { Catalog, CatalogMeta, Head } from '../../core/catalog/catalog.js';
import { META_KEY } from '../../core/catalog/catalog-keys.js';
import { EntryFold, foldSteps } from '../../core/catalog/fold.js';
import { MemoryTables, type Tables, TablesClosed, TablesDamaged } from '../../core/catalog/key-tables.js';
import { FIRST_OPS, needsPayload } from '../../core/catalog/ledger-rows.js';
import { parseCanonical } from '../../core/json/canonical.js';
import { checkPayload, type LedgerEntry } from '../../core/ledger/entry.js';
import type { EntryPayload } from '../../core/ledger/entry-types.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { isHsError } from '../../errors/hs-error.js';
import { cooperatively } from '../../fsx/cooperative.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';
import type { Ledger } from '../ledger/ledger.js';
import {
  decodeBeginning,
  decodeFirstOps,
  decodeOpsParts,
  decodeOpsSteps,
  type FirstOps,
  MAX_OPS_BYTES,
} from '../ledger/operations-object.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { CatalogIndex, IndexTables } from '../port/catalog-index.js';
import { catalogOf } from './table-view.js';

const MAX_PAYLOAD_BYTES = 256 * 1024 * 1024;
/** Holds the first operations of nearly any list. */
const BEGINNING_BYTES = 32 * 1024;

interface FoldOptions {
  readonly from?: Head | undefined;
  readonly to?: number;
  readonly signal?: AbortSignal | undefined;
  readonly visit?: (entry: LedgerEntry) => void;
}

/** The state of a store: the fold of its ledger, read from the index if there is one. */
export class StoreCatalog {
  readonly #ledger: Ledger;
  readonly #objects: ObjectStore;
  readonly #index: CatalogIndex | undefined;
  /** The in-memory fold, used without an index. */
  #memory: MemoryTables | undefined;

  constructor(ledger: Ledger, objects: ObjectStore, index: CatalogIndex | undefined) {
    this.#ledger = ledger;
    this.#objects = objects;
    this.#index = index;
  }

  /** The operations of an entry, stored inline or in an object. */
  async opsOf(entry: LedgerEntry): Promise<readonly LedgerOp[]> {
    if (entry.ops_object === undefined) return entry.ops ?? [];
    return cooperatively(decodeOpsSteps(await this.#objects.read(entry.ops_object, MAX_OPS_BYTES)));
  }

  /** The payload of an entry, stored inline or in an object. */
  async payloadOf(entry: LedgerEntry): Promise<EntryPayload> {
    if (entry.payload_object === undefined) return entry.payload!;
    const bytes = await this.#objects.read(entry.payload_object, MAX_PAYLOAD_BYTES);
    return checkPayload(entry.type, parseCanonical(bytes, MAX_PAYLOAD_BYTES, 'paths'));
  }

  /** The payload as far as the fold needs it; one that is damaged stops no fold. */
  async payloadFor(entry: LedgerEntry): Promise<EntryPayload | undefined> {
    if (!needsPayload(entry)) return entry.payload;
    try {
      return await this.payloadOf(entry);
    } catch (e) {
      if (!isHsError(e, 'OBJECT_MISSING', 'INTEGRITY', 'INVALID_RECORD')) throw e;
      return undefined;
    }
  }

  /** The number of operations and the first of them; of a list that the catalog tells of, only its beginning is read. */
  async firstOps({ ops = [], ops_object }: LedgerEntry, catalog: Catalog): Promise<FirstOps> {
    if (ops_object === undefined) return { count: ops.length, ops: ops.slice(0, FIRST_OPS) };
    const told = await catalog.listBeginning(ops_object);
    const begun =
      told && (await decodeBeginning(this.#objects.lendChunksUnverified(ops_object, BEGINNING_BYTES), told));
    return begun ?? decodeFirstOps(this.#objects.lend(ops_object));
  }

  /** The operations in parts: a list of a million takes no more memory than one of a thousand. */
  async *opsParts(entry: LedgerEntry): AsyncGenerator<readonly LedgerOp[], void> {
    if (entry.ops_object === undefined) yield entry.ops ?? [];
    else yield* decodeOpsParts(this.#objects.lend(entry.ops_object));
  }

  /** Folds the entries after the head `from`, up to entry `to` if given; `visit` sees each. */
  async #fold(tables: MemoryTables, { from, to, signal, visit }: FoldOptions = {}): Promise<MemoryTables> {
    for await (const { entry, hash } of this.#ledger.walk(from, to)) {
      const ops = await this.opsOf(entry);
      signal?.throwIfAborted();
      await cooperatively(foldSteps(tables, entry, ops, hash, await this.payloadFor(entry)));
      visit?.(entry);
    }
    return tables;
  }

  /** The state at the head, folded from the ledger alone with the whole chain checked. `visit` sees every entry. */
  async fromLedger(visit?: (entry: LedgerEntry) => void): Promise<Catalog> {
    return catalogOf(await this.#fold(new MemoryTables(), { ...(visit && { visit }) }));
  }

  /** The state at the head. Aborting `signal` stops the update to the head, and reads of many rows of it. */
  async atHead(signal?: AbortSignal): Promise<Catalog> {
    const tables = await this.#index?.tables();
    if (tables === undefined) return this.#inMemory(signal);
    try {
      return await this.#fromIndex(this.#index!, tables, signal);
    } catch (e) {
      if (!(e instanceof TablesDamaged)) throw e;
      await this.#index?.discard(e);
      return this.#inMemory(signal);
    }
  }

  async #inMemory(signal?: AbortSignal): Promise<Catalog> {
    const head = await this.#ledger.headSeq();
    const from = this.#memory?.get(META_KEY) as CatalogMeta | undefined;
    if (from?.seq === head) return catalogOf(this.#memory!, { signal });
    this.#memory = await this.#fold(this.#memory?.fork() ?? new MemoryTables(), { from, signal });
    return catalogOf(this.#memory, { signal });
  }

  /** What a view of the index reads once it has met damage. */
  async #foldTo({ seq }: Head, damage: TablesDamaged, signal?: AbortSignal): Promise<Tables> {
    const tables = await this.#fold(new MemoryTables(), { to: seq, signal });
    if (damage instanceof TablesClosed) return tables;
    await this.#index?.discard(damage);
    // What is asked next goes on from here.
    this.#memory ??= tables;
    return tables;
  }

  async #fromIndex(index: CatalogIndex, tables: IndexTables, signal?: AbortSignal): Promise<Catalog> {
    const at = tables.get(META_KEY) as CatalogMeta | undefined;
    // An index that is not on this chain (the store was restored from a copy) is rebuilt.
    if (at !== undefined && (await this.#ledger.hashAt(at.seq)) !== at.hash) {
      await index.discard();
      return this.#inMemory(signal);
    }
    let now = tables;
    let operations = 0;
    let entries = 0;
    for await (const { entry, hash } of this.#ledger.walk(at)) {
      if (entries === 0) now = tables.fork();
      try {
        const fold = new EntryFold(now, entry);
        for await (const ops of this.opsParts(entry)) {
          for (const op of ops) fold.apply(op);
          operations += ops.length;
          await index.relieve(now);
          await yieldToEvents();
          signal?.throwIfAborted();
        }
        fold.finish(hash, await this.payloadFor(entry));
      } catch (e) {
        // The index contradicts a sound ledger: the fold in memory decides which of them is wrong.
        if (isHsError(e, 'LEDGER_BROKEN')) throw new TablesDamaged(e.message);
        throw e;
      }
      entries++;
      signal?.throwIfAborted();
    }
    if (entries > 0) now = await index.advance(now, entries, operations);
    const fold = (damage: TablesDamaged) => this.#foldTo(catalog.head, damage, signal);
    const catalog = catalogOf(now, { fold, signal });
    return catalog;
  }
}
