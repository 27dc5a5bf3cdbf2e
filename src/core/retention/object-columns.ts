import { IdTable } from '../objects/id-table.js';
import type { ObjectId } from '../objects/ids.js';
import { float64, GrowingColumn, uint32 } from './growing-column.js';
import type { SizedObject } from './sized-object.js';

/** Objects by number, with their sizes and reference counts. */
export class ObjectColumns {
  readonly ids: IdTable;
  readonly #sizes: GrowingColumn<Float64Array>;
  readonly #users: GrowingColumn<Uint32Array>;
  #stored = 0;

  constructor(expected = 0) {
    this.ids = new IdTable(expected);
    this.#sizes = new GrowingColumn(float64, expected);
    this.#users = new GrowingColumn(uint32, expected);
  }

  /** Bytes of all distinct objects that artifacts refer to. */
  get stored(): number {
    return this.#stored;
  }
  get sizes(): Float64Array {
    return this.#sizes.values;
  }
  /** Number of references to each. */
  get users(): Uint32Array {
    return this.#users.values.subarray(0, this.#users.length);
  }

  #number(id: ObjectId): number {
    const number = this.ids.add(id);
    if (number === this.#users.length) {
      this.#sizes.push(0);
      this.#users.push(0);
    }
    return number;
  }

  /** Records an object that something other than an artifact refers to. */
  add(id: ObjectId): void {
    this.#number(id);
  }

  /** Counts one more reference by an artifact; returns the number of the object. */
  use({ id, size }: SizedObject): number {
    const number = this.#number(id);
    if (this.#users.values[number]!++ === 0) {
      this.#sizes.values[number] = size;
      this.#stored += size;
    }
    return number;
  }
}
