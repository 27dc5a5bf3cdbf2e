import { type ReadTables, type TableRow, TablesDamaged } from '../../../core/catalog/key-tables.js';

/**
 * A view of the index that answers from the ledger once it has met damage: views are read long after
 * they were made, by callers that have nothing else to turn to.
 */
export class IndexView implements ReadTables {
  readonly #index: ReadTables;
  readonly #fold: () => ReadTables;
  #folded: ReadTables | undefined;

  /** `fold` gives the same state from the ledger. */
  constructor(index: ReadTables, fold: () => ReadTables) {
    this.#index = index;
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

  *range(prefix: string, after = ''): Iterable<TableRow> {
    let last = after;
    let rest = this.#folded;
    try {
      for (const row of rest === undefined ? this.#index.range(prefix, after) : []) {
        yield row;
        last = row.key;
      }
    } catch (e) {
      rest = this.#instead(e);
    }
    yield* rest?.range(prefix, last) ?? [];
  }
}
