import type { Catalog, Head } from '../../src/core/catalog/catalog.js';
import { foldSteps } from '../../src/core/catalog/fold.js';
import { MemoryTables } from '../../src/core/catalog/key-tables.js';
import { type LedgerEntry, objectsOfEntry } from '../../src/core/ledger/entry.js';
import type { EntryPayload } from '../../src/core/ledger/entry-types.js';
import type { LedgerOp } from '../../src/core/ledger/operation.js';
import type { ObjectId, Timestamp } from '../../src/core/objects/ids.js';
import { isHsError } from '../../src/errors/hs-error.js';
import { cooperatively } from '../../src/fsx/cooperative.js';
import { catalogOf } from '../../src/store/catalog/table-view.js';
import { isMadeSince } from '../../src/store/collector/batch-time.js';
import type { Store } from '../../src/store/store.js';

/**
 * The state folded from the ledger alone, with every link of the chain checked: the basis of removals and marks. It
 * can be advanced to the head repeatedly and reads only new entries.
 */
export class LedgerFold {
  readonly #store: Store;
  readonly #tables = new MemoryTables();
  readonly #roots = new Set<ObjectId>();
  readonly #applied = new Map<ObjectId, number>();
  readonly #purged = new Set<string>();
  readonly #unreadable: string[] = [];
  #head: Head | undefined;
  #lastAt: Timestamp | undefined;
  /** Number of the last entry that did more than register artifacts. */
  #lastChange = -1;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Folds new entries, up to entry `to` if given. Catalogs returned earlier then show the newest fold as well. */
  async advance(to?: number): Promise<Catalog> {
    for await (const { entry, hash } of this.#store.ledger.walk(this.#head, to)) {
      const ops = await this.#store.opsOf(entry);
      await cooperatively(foldSteps(this.#tables, entry, ops, hash));
      await this.#note(entry, ops);
      this.#head = { seq: entry.seq, hash };
      // A refusal changes no state. Counting it would let the next collection pass after one was refused for a slow
      // clock.
      if (entry.decision !== 'deny' || this.#lastAt === undefined) this.#lastAt = entry.at;
      if (ops.some((op) => op.op !== 'add')) this.#lastChange = entry.seq;
    }
    return catalogOf(this.#tables);
  }

  get head(): Head {
    return this.#head!;
  }
  /** System time of the newest entry that is not a refusal. */
  get lastAt(): Timestamp {
    return this.#lastAt!;
  }
  /** Objects that the ledger itself names: operation lists, payloads, policies, lists of paths. */
  get roots(): ReadonlySet<ObjectId> {
    return this.#roots;
  }
  /** Roots that could not be read; while there are any, reachability is unknown (D8). */
  get unreadable(): readonly string[] {
    return this.#unreadable;
  }

  /** The entry that applied a plan with this hash. */
  appliedAt(planHash: ObjectId): number | undefined {
    return this.#applied.get(planHash);
  }

  /** Whether an entry records the purge of this trash batch. */
  isPurged(batch: string): boolean {
    return this.#purged.has(batch);
  }

  /** Whether a trash batch that may hold objects removed at that time was purged. */
  purgedSince(at: Timestamp): boolean {
    for (const batch of this.#purged) if (isMadeSince(batch, at)) return true;
    return false;
  }

  /** Whether an entry after `seq` did more than `add` artifacts; a plan made at `seq` must then be made again. */
  changedSince(seq: number): boolean {
    return this.#lastChange > seq;
  }

  async #note(entry: LedgerEntry, ops: readonly LedgerOp[]): Promise<void> {
    for (const id of objectsOfEntry(entry)) this.#roots.add(id);
    for (const op of ops) if (op.op === 'set_policy') this.#roots.add(op.policy);
    if (entry.type === 'meta.gc_summary') {
      this.#applied.set((entry.payload as EntryPayload<'meta.gc_summary'>).plan_hash, entry.seq);
    }
    if (entry.type !== 'export_record' && entry.type !== 'objects_purged') return;
    try {
      const payload = await this.#store.payloadOf(entry);
      if ('batches' in payload) for (const batch of payload.batches) this.#purged.add(batch);
      else if ('materialized_paths_object' in payload && payload.materialized_paths_object !== undefined) {
        this.#roots.add(payload.materialized_paths_object);
      }
    } catch (e) {
      if (!isHsError(e, 'OBJECT_MISSING', 'INTEGRITY', 'INVALID_RECORD')) throw e;
      this.#unreadable.push(`the payload of ledger entry ${entry.seq}: ${e.message}`);
    }
  }
}
