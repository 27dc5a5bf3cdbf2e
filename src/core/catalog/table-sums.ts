import { APPLIED, GUARDED, LIVE, PURGED, REMOVED, ROOTS, UNREAD } from './catalog-keys.js';
import { type Tables, textOf } from './key-tables.js';

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

/** Two lanes of 32 bits. */
class Mixer {
  #low = 0x811c9dc5;
  #high = 0x9e3779b9;

  add(text: string): void {
    let [low, high] = [this.#low ^ text.length, this.#high];
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(high + code, 0x85ebca6b) ^ (high >>> 15);
    }
    this.#low = low;
    this.#high = high;
  }

  get sum(): number {
    const low = Math.imul(this.#low ^ (this.#low >>> 16), 0xc2b2ae35);
    const high = this.#high ^ (this.#high >>> 13);
    return ((high & 0xffff) * HALF + ((low ^ high) >>> 0)) % MODULUS;
  }
}

/**
 * A 48-bit number for a row and the JSON of its value. Detects rows lost, duplicated or mixed up by a fold or a merge;
 * changed bytes of an index on disk are detected by the hashes of its blocks and its seal.
 */
export function rowSum(key: string, text: string): number {
  const mixer = new Mixer();
  mixer.add(key);
  mixer.add(text);
  return mixer.sum;
}

/** The sum with one row added or removed. */
export function withRow(before: TableSum, key: string, text: string, sign: 1 | -1): TableSum {
  const sum = (before.sum + sign * rowSum(key, text) + MODULUS) % MODULUS;
  return { rows: before.rows + sign, sum };
}

const PREFIX_LENGTH = 2;
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
