import { type CatalogMeta, guardedKey, liveKey, NAME_KEYS, removedKey } from '../core/catalog.js';
import { type ReadTables, TablesDamaged } from '../core/tables.js';
import type { IndexSnapshot } from '../fsx/index-file.js';

/**
 * A view of the index that answers from the ledger once it has met damage: views are read long after
 * they were made, by callers that have nothing else to turn to.
 */
export class IndexView implements ReadTables {
  readonly #index: IndexSnapshot;
  /** How many keys there should be, until they were counted. */
  readonly #counts: Map<string, number>;
  readonly #fold: () => ReadTables;
  #folded: ReadTables | undefined;

  /** `counts` is what the index should hold; `fold` the same state from the ledger. */
  constructor(
    index: IndexSnapshot,
    counts: Pick<CatalogMeta, 'live' | 'removed' | 'guarded'>,
    fold: () => ReadTables,
  ) {
    this.#index = index;
    this.#counts = new Map([
      [liveKey(''), counts.live],
      [removedKey(''), counts.removed],
      [guardedKey(''), counts.guarded],
    ]);
    this.#fold = fold;
  }

  /** What answers instead; any other failure than damage is thrown. */
  #instead(e: unknown): ReadTables {
    if (!(e instanceof TablesDamaged)) throw e;
    this.#folded ??= this.#fold();
    return this.#folded;
  }

  get(key: string): unknown {
    if (this.#folded !== undefined) return this.#folded.get(key);
    try {
      return this.#index.get(key);
    } catch (e) {
      return this.#instead(e).get(key);
    }
  }

  /** Rows of names and of what is guarded hold only the id of a record. */
  #leadsNowhere(prefix: string, value: unknown): boolean {
    const isThere = (key: string) => this.#index.get(key) !== undefined;
    if (prefix.startsWith(NAME_KEYS)) return !isThere(liveKey(value as string));
    if (prefix !== guardedKey('')) return false;
    return !isThere(liveKey(value as string)) && !isThere(removedKey(value as string));
  }

  *range(prefix: string): Iterable<{ readonly key: string; readonly value: unknown }> {
    let last = '';
    let rest = this.#folded;
    try {
      // A key that was damaged may hide itself and others from a search.
      const count = this.#counts.get(prefix);
      if (rest === undefined && count !== undefined && this.#index.count(prefix) !== count) {
        throw new TablesDamaged('not as many keys as there should be');
      }
      this.#counts.delete(prefix);
      for (const row of rest === undefined ? this.#index.range(prefix) : []) {
        if (this.#leadsNowhere(prefix, row.value))
          throw new TablesDamaged('a row of something that is not there');
        yield row;
        last = row.key;
      }
    } catch (e) {
      rest = this.#instead(e);
    }
    for (const row of rest?.range(prefix) ?? []) if (row.key > last) yield row;
  }
}
