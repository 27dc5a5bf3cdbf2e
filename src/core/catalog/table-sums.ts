import { APPLIED, GUARDED, LIVE, PURGED, REMOVED, ROOTS, UNREAD } from './catalog-keys.js';
import { type Tables, textOf } from './key-tables.js';
import { lineEnd } from './row-lines.js';

/** The tables that a collection relies on; the meta row has a count and a sum of the rows of each. */
export const PROVEN_TABLES = [LIVE, REMOVED, GUARDED, ROOTS, UNREAD, APPLIED, PURGED] as const;
export type ProvenTable = (typeof PROVEN_TABLES)[number];

export interface TableSum {
  readonly rows: number;
  /** Sum of each {@link rowSum}, modulo 2^48. */
  readonly sum: number;
}
export type TableSums = Readonly<Partial<Record<ProvenTable, TableSum>>>;

export const NO_ROWS: TableSum = { rows: 0, sum: 0 };

/** Two 48-bit sums add up without rounding. */
const MODULUS = 2 ** 48;
const HALF = 2 ** 32;

const WORD = 4;
const MOST_BYTES_PER_CHAR = 3;
let scratch = Buffer.alloc(4096);

/** A 48-bit number for the bytes from `at` to `end`, in two lanes of 32 bits, a word at a time. */
function sumOfBytes(bytes: Uint8Array, at: number, end: number): number {
  let low = 0x811c9dc5 ^ (end - at);
  let high = 0x9e3779b9 | 0;
  let i = at;
  for (const whole = end - WORD; i <= whole; i += WORD) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    low = Math.imul(low ^ word, 0x9e3779b1);
    low ^= low >>> 15;
    high = Math.imul(high + word, 0x85ebca6b) ^ (high >>> 15);
  }
  for (; i < end; i++) {
    low = Math.imul(low ^ bytes[i]!, 0x9e3779b1);
    high = Math.imul(high + bytes[i]!, 0x85ebca6b) ^ (high >>> 15);
  }
  low = Math.imul(low ^ (low >>> 16), 0xc2b2ae35);
  high ^= high >>> 13;
  return ((high & 0xffff) * HALF + ((low ^ high) >>> 0)) % MODULUS;
}

/**
 * A 48-bit number for a row and the JSON of its value, which is that of the bytes of its line. Detects rows lost,
 * duplicated or mixed up by a fold or a merge; changed bytes of an index on disk are detected by the hashes of its blocks
 * and its seal.
 */
export function rowSum(key: string, text: string): number {
  const line = `${key}\t${text}`;
  const most = line.length * MOST_BYTES_PER_CHAR;
  if (most > scratch.length) scratch = Buffer.alloc(2 * most);
  return sumOfBytes(scratch, 0, scratch.write(line, 'utf8'));
}

/** The sum with these lines added. */
export function withLines(before: TableSum, lines: Buffer): TableSum {
  let { rows, sum } = before;
  for (let at = 0; at < lines.length; rows++) {
    const end = lineEnd(lines, at);
    sum = (sum + sumOfBytes(lines, at, end)) % MODULUS;
    at = end + 1;
  }
  return { rows, sum };
}

/** Rows that are counted and added up, in any order. */
export class RowBag {
  #rows = 0;
  #sum = 0;

  add(key: string, text: string, sign: 1 | -1): void {
    this.#add(rowSum(key, text), sign);
  }

  /** The row in the line from `at` to `end`. */
  addLine(lines: Buffer, at: number, end: number, sign: 1 | -1): void {
    this.#add(sumOfBytes(lines, at, end), sign);
  }

  #add(sum: number, sign: 1 | -1): void {
    this.#rows += sign;
    this.#sum = (this.#sum + sign * sum + MODULUS) % MODULUS;
  }

  /** Whether as many rows were taken out as put in, and the same. */
  get isEmpty(): boolean {
    return this.#rows === 0 && this.#sum === 0;
  }

  equals({ rows, sum }: TableSum = NO_ROWS): boolean {
    return this.#rows === rows && this.#sum === sum;
  }
}

/** The sum with one row added or removed. */
export function withRow(before: TableSum, key: string, text: string, sign: 1 | -1): TableSum {
  const sum = (before.sum + sign * rowSum(key, text) + MODULUS) % MODULUS;
  return { rows: before.rows + sign, sum };
}

/** Of the name of a table in a key. */
export const PREFIX_LENGTH = 2;
const isProven: ReadonlySet<string> = new Set(PROVEN_TABLES);

/** Tables that keep their sums current. To replace a row, remove it first. */
export class SummedTables implements Pick<Tables, 'get' | 'put'> {
  readonly #tables: Tables;
  readonly #sums: Partial<Record<ProvenTable, TableSum>>;

  constructor(tables: Tables, sums: TableSums = {}) {
    this.#tables = tables;
    this.#sums = { ...sums };
  }

  get sums(): TableSums {
    return this.#sums;
  }

  #note(key: string, value: unknown, sign: 1 | -1): void {
    const table = key.slice(0, PREFIX_LENGTH) as ProvenTable;
    if (!isProven.has(table)) return;
    this.#sums[table] = withRow(this.#sums[table] ?? NO_ROWS, key, textOf(value), sign);
  }

  get(key: string): unknown {
    return this.#tables.get(key);
  }

  put(key: string, value: unknown): void {
    this.#note(key, value, 1);
    this.#tables.put(key, value);
  }

  /** `value` is the value of the row. */
  remove(key: string, value: unknown): void {
    this.#note(key, value, -1);
    this.#tables.remove(key);
  }

  /** Adds a row unless the key exists. */
  include(key: string, value: unknown): void {
    if (this.#tables.get(key) === undefined) this.put(key, value);
  }
}
