export interface KeyValue {
  readonly key: string;
  readonly value: unknown;
}

/**
 * The ordered key-value store that the catalog is folded into: in memory, or a derived index on
 * disk. Synchronous, so that folding an operation is one step. Values are JSON.
 */
export interface Tables {
  get(key: string): unknown;
  /** Keys that begin with `prefix`, those after `after` if given, in ascending order, with their values. */
  range(prefix: string, after?: string): Iterable<KeyValue>;
  put(key: string, value: unknown): void;
  remove(key: string): void;
}

/** Reads tables for a catalog. */
export interface TableReader {
  get(key: string): Promise<unknown>;
  /** The rows of {@link Tables.range}, in blocks. */
  range(prefix: string, after?: string): AsyncIterable<readonly KeyValue[]>;
}

const MOST_IN_BLOCK = 512;

/** Blocks of growing size: the first row costs one row, and a million rows cost few waits. */
export function* inBlocks<T>(items: Iterable<T>): Generator<readonly T[], void> {
  let most = 1;
  let block: T[] = [];
  for (const item of items) {
    block.push(item);
    if (block.length < most) continue;
    yield block;
    block = [];
    most = Math.min(2 * most, MOST_IN_BLOCK);
  }
  if (block.length > 0) yield block;
}

/** The derived tables are damaged or belong to another chain: they must be rebuilt. */
export class TablesDamaged extends Error {}

export class MemoryTables implements Tables {
  readonly #values: Map<string, unknown>;
  #sorted: string[] | undefined;

  constructor(values: ReadonlyMap<string, unknown> = new Map()) {
    this.#values = new Map(values);
  }

  /** A copy that changes on its own. */
  fork(): MemoryTables {
    return new MemoryTables(this.#values);
  }

  /** Keys. */
  get size(): number {
    return this.#values.size;
  }

  get(key: string): unknown {
    return this.#values.get(key);
  }

  put(key: string, value: unknown): void {
    if (!this.#values.has(key)) this.#sorted = undefined;
    this.#values.set(key, value);
  }

  remove(key: string): void {
    if (this.#values.delete(key)) this.#sorted = undefined;
  }

  *range(prefix: string, after = ''): Iterable<KeyValue> {
    this.#sorted ??= [...this.#values.keys()].sort();
    const keys = this.#sorted;
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (keys[middle]! < prefix || keys[middle]! <= after) low = middle + 1;
      else high = middle;
    }
    for (let i = low; i < keys.length && keys[i]!.startsWith(prefix); i++) {
      const value = this.#values.get(keys[i]!);
      if (value !== undefined) yield { key: keys[i]!, value };
    }
  }
}
