import { Catalog, type CatalogMeta } from '../../core/catalog/catalog.js';
import { META_KEY } from '../../core/catalog/catalog-keys.js';
import {
  inBlocks,
  type TableReader,
  type TableRow,
  type Tables,
  TablesDamaged,
} from '../../core/catalog/key-tables.js';
import { lastKey } from '../../core/catalog/row-lines.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';

/** The same state from the ledger, because of that damage. */
type Fold = (damage: TablesDamaged) => Promise<Tables>;

interface ViewOptions {
  readonly fold?: Fold;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads tables, letting other work run in between; once `signal` is aborted, a read of many rows throws its reason. A view
 * of the index reads the same state folded from the ledger once it has met damage: its callers have nothing else to turn
 * to.
 */
export class TableView implements TableReader {
  readonly #tables: Tables;
  readonly #fold: Fold | undefined;
  readonly #signal: AbortSignal | undefined;
  #folded: Promise<Tables> | undefined;

  constructor(tables: Tables, { fold, signal }: ViewOptions = {}) {
    this.#tables = tables;
    this.#fold = fold;
    this.#signal = signal;
  }

  /** The tables to read instead; throws errors other than damage. */
  #instead(e: unknown): Promise<Tables> {
    if (!(e instanceof TablesDamaged) || this.#fold === undefined) throw e;
    this.#folded ??= this.#fold(e);
    return this.#folded;
  }

  async get(key: string): Promise<unknown> {
    if (this.#folded !== undefined) return (await this.#folded).get(key);
    try {
      return this.#tables.get(key);
    } catch (e) {
      return (await this.#instead(e)).get(key);
    }
  }

  range(prefix: string, after = ''): AsyncGenerator<readonly TableRow[], void> {
    return this.#read(
      (tables, from) => inBlocks(tables.range(prefix, from)),
      (block) => block.at(-1)!.key,
      after,
    );
  }

  lines(prefix: string): AsyncGenerator<Buffer, void> {
    return this.#read((tables, from) => tables.lines(prefix, from), lastKey);
  }

  /** `read` reads on after a key, `lastOf` is the last key of what was read. */
  async *#read<B>(
    read: (tables: Tables, after: string) => Iterable<B>,
    lastOf: (block: B) => string,
    after = '',
  ): AsyncGenerator<B, void> {
    let last: B | undefined;
    let rest = await this.#folded;
    try {
      for (const block of rest === undefined ? read(this.#tables, after) : []) {
        await this.#turn();
        yield block;
        last = block;
      }
    } catch (e) {
      rest = await this.#instead(e);
    }
    if (rest === undefined) return;
    for (const block of read(rest, last === undefined ? after : lastOf(last))) {
      await this.#turn();
      yield block;
    }
  }

  async #turn(): Promise<void> {
    await yieldToEvents();
    this.#signal?.throwIfAborted();
  }
}

/** A catalog of folded tables; `fold` gives the same state from the ledger. */
export function catalogOf(tables: Tables, options?: ViewOptions): Catalog {
  return new Catalog(new TableView(tables, options), tables.get(META_KEY) as CatalogMeta);
}
