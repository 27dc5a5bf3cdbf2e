import { keyAt, lineEnd, packLines } from './row-lines.js';

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
  range(prefix: string, after?: string): Iterable<TableRow>;
  /** The same rows as UTF-8, in pieces of whole lines: key, tab, JSON, newline. */
  lines(prefix: string, after?: string): Iterable<Buffer>;
  put(key: string, value: unknown): void;
  remove(key: string): void;
}

/** A value as JSON, for rows that are written more often than read. Tables return the value. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export function textOf(value: unknown): string {
  return value instanceof JsonText ? value.text : JSON.stringify(value);
}

/** A row that was read, with its value or the JSON of it. */
export class TableRow implements KeyValue {
  readonly key: string;
  readonly #value: unknown;

  /** `value` may be {@link JsonText}. */
  constructor(key: string, value: unknown) {
    this.key = key;
    this.#value = value;
  }

  get value(): unknown {
    return this.#value instanceof JsonText ? JSON.parse(this.#value.text) : this.#value;
  }
  get text(): string {
    return textOf(this.#value);
  }
}

/** The rows of lines, none of them removed. */
export function rowsOfLines(lines: Buffer): TableRow[] {
  const rows: TableRow[] = [];
  for (let at = 0; at < lines.length; ) {
    const end = lineEnd(lines, at);
    const key = keyAt(lines, at, end);
    rows.push(new TableRow(key, new JsonText(lines.toString('utf8', at + key.length + 1, end))));
    at = end + 1;
  }
  return rows;
}

/** Reads tables for a catalog. */
export interface TableReader {
  get(key: string): Promise<unknown>;
  /** The rows of {@link Tables.range}, in blocks that are not empty. */
  range(prefix: string, after?: string): AsyncIterable<readonly TableRow[]>;
  /** See {@link Tables.lines}. */
  lines(prefix: string): AsyncIterable<Buffer>;
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

/** The tables are sound, and no longer open to a view that is read for a long time. */
export class TablesClosed extends TablesDamaged {}

/**
 * Sorts parts by first character: rows of one kind are together and mostly in order, and need few comparisons.
 */
export function sortedKeys(keys: Iterable<string>): string[] {
  const parts: (string[] | undefined)[] = [];
  for (const key of keys) {
    const first = key.charCodeAt(0);
    const part = parts[first];
    if (part === undefined) parts[first] = [key];
    else part.push(key);
  }
  return parts.flatMap((part) => part?.sort() ?? []);
}

export class MemoryTables implements Tables {
  readonly #values: Map<string, unknown>;
  #sorted: string[] | undefined;

  constructor(values: ReadonlyMap<string, unknown> = new Map()) {
    this.#values = new Map(values);
  }

  /** An independent copy. */
  fork(): MemoryTables {
    return new MemoryTables(this.#values);
  }

  /** Number of keys. */
  get size(): number {
    return this.#values.size;
  }

  get(key: string): unknown {
    const value = this.#values.get(key);
    return value instanceof JsonText ? JSON.parse(value.text) : value;
  }

  put(key: string, value: unknown): void {
    const { size } = this.#values;
    if (this.#values.set(key, value).size !== size) this.#sorted = undefined;
  }

  remove(key: string): void {
    if (this.#values.delete(key)) this.#sorted = undefined;
  }

  *range(prefix: string, after = ''): Iterable<TableRow> {
    this.#sorted ??= sortedKeys(this.#values.keys());
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
      if (value !== undefined) yield new TableRow(keys[i]!, value);
    }
  }

  lines(prefix: string, after?: string): Iterable<Buffer> {
    return packLines(this.range(prefix, after));
  }
}
