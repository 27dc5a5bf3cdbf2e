import { sortedKeys } from '../../../core/catalog/key-tables.js';
import { encodeRow, nearLineEnd, type Row, TAB } from '../../../core/catalog/row-lines.js';
import type { LineRanges } from './line-ranges.js';

const LEAST_BYTES = 64 * 1024;
const MOST_BYTES_PER_CHAR = 3;

/**
 * Changed rows in memory, as the lines that are written in the end, in one buffer; on the JavaScript heap are only their
 * keys. With an object for each a fold left a third of its time to the garbage collector.
 */
export class ChangedLines {
  #lines = Buffer.allocUnsafeSlow(LEAST_BYTES);
  #used = 0;
  /** Bytes of lines that were replaced. */
  #unused = 0;
  /** Where the line of a key begins. */
  #at = new Map<string, number>();
  #sorted: string[] | undefined;

  /** An independent copy. */
  fork(): ChangedLines {
    const copy = new ChangedLines();
    copy.#lines = Buffer.from(this.#lines);
    copy.#used = this.#used;
    copy.#unused = this.#unused;
    copy.#at = new Map(this.#at);
    return copy;
  }

  /** Number of keys. */
  get size(): number {
    return this.#at.size;
  }
  /** Of the lines, at the most. */
  get bytes(): number {
    return this.#used;
  }
  get keys(): Iterable<string> {
    return this.#at.keys();
  }

  /** Undefined for a key without a line. */
  row(key: string): Row | undefined {
    const at = this.#at.get(key);
    return at === undefined ? undefined : this.#rowAt(key, at);
  }

  #rowAt(key: string, at: number): Row {
    const end = at + key.length;
    if (this.#lines[end] !== TAB) return { key, text: undefined };
    return { key, text: this.#lines.toString('utf8', end + 1, nearLineEnd(this.#lines, end)) };
  }

  /** Without a text, the line removes the key. */
  put(row: Row): void {
    const line = encodeRow(row);
    const most = MOST_BYTES_PER_CHAR * line.length;
    if (this.#used + most > this.#lines.length) this.#makeRoom(most);
    const before = this.#at.get(row.key);
    if (before === undefined) this.#sorted = undefined;
    else this.#unused += nearLineEnd(this.#lines, before) + 1 - before;
    this.#at.set(row.key, this.#used);
    this.#used += this.#lines.write(line, this.#used, 'utf8');
  }

  delete(key: string): void {
    const before = this.#at.get(key);
    if (before === undefined) return;
    this.#unused += nearLineEnd(this.#lines, before) + 1 - before;
    this.#at.delete(key);
    this.#sorted = undefined;
  }

  /** Leaves nothing, and keeps the room. */
  clear(): void {
    this.#used = 0;
    this.#unused = 0;
    this.#at.clear();
    this.#sorted = undefined;
  }

  /** Leaves out what was replaced. */
  #makeRoom(bytes: number): void {
    const wanted = this.#used - this.#unused + bytes;
    let length = LEAST_BYTES;
    while (length < 1.5 * wanted) length *= 2;
    const lines = Buffer.allocUnsafeSlow(length);
    let used = 0;
    for (const [key, at] of this.#at) {
      this.#at.set(key, used);
      used += this.#lines.copy(lines, used, at, nearLineEnd(this.#lines, at) + 1);
    }
    this.#lines = lines;
    this.#used = used;
    this.#unused = 0;
  }

  /** In order, the keys that begin with `prefix`, those after `after`. */
  #keysOf(prefix: string, after: string): readonly string[] {
    this.#sorted ??= sortedKeys(this.#at.keys());
    const keys = this.#sorted;
    if (prefix === '' && after === '') return keys;
    const first = firstWhere(keys, (key) => key >= prefix && key > after);
    const end = firstWhere(keys, (key) => key >= prefix && !key.startsWith(prefix));
    return keys.slice(first, end);
  }

  *rows(prefix: string, after = ''): Generator<Row> {
    for (const key of this.#keysOf(prefix, after)) yield this.#rowAt(key, this.#at.get(key)!);
  }

  /** Their lines, one at a time; as long as none is changed. */
  ranges(prefix = '', after = ''): LineRanges {
    const keys = this.#keysOf(prefix, after);
    return new SortedLines(this.#lines, this.#at, keys);
  }
}

class SortedLines implements LineRanges {
  readonly lines: Buffer;
  from = 0;
  to = 0;
  readonly #at: ReadonlyMap<string, number>;
  readonly #keys: readonly string[];
  #next = 0;

  constructor(lines: Buffer, at: ReadonlyMap<string, number>, keys: readonly string[]) {
    this.lines = lines;
    this.#at = at;
    this.#keys = keys;
  }

  next(): boolean {
    if (this.#next === this.#keys.length) return false;
    const key = this.#keys[this.#next++]!;
    this.from = this.#at.get(key)!;
    this.to = nearLineEnd(this.lines, this.from + key.length) + 1;
    return true;
  }
}

/** The index of the first key for which this holds, as it does for all behind it. */
function firstWhere(keys: readonly string[], holds: (key: string) => boolean): number {
  let low = 0;
  for (let high = keys.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (holds(keys[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
