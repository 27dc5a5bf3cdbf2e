import { float64, GrowingColumn, uint8, uint32 } from '../objects/growing-column.js';
import { IdTable } from '../objects/id-table.js';
import type { ObjectId } from '../objects/ids.js';

/** Objects by number, with their sizes and reference counts. */
export class ObjectColumns {
  readonly ids: IdTable;
  readonly #sizes: GrowingColumn<Float64Array>;
  readonly #users: GrowingColumn<Uint32Array>;
  readonly #held: GrowingColumn<Uint8Array>;
  #stored = 0;

  constructor(expected = 0) {
    this.ids = new IdTable(expected);
    this.#sizes = new GrowingColumn(float64, expected);
    this.#users = new GrowingColumn(uint32, expected);
    this.#held = new GrowingColumn(uint8, expected);
  }

  /** Bytes of all distinct objects that artifacts refer to, without lost ones. */
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

  /** By number: 1 where no removal frees the object. */
  get held(): Uint8Array {
    return this.#held.values;
  }

  /** The number, new or not, of an object. */
  #known(number: number): number {
    if (number === this.#users.length) {
      this.#sizes.push(0);
      this.#users.push(0);
      this.#held.push(0);
    }
    return number;
  }

  #note(number: number, size: number): number {
    if (this.#users.values[this.#known(number)]!++ === 0) {
      this.#sizes.values[number] = size;
      this.#stored += size;
    }
    return number;
  }

  /** Notes an object that stays when no artifact names it. */
  hold(id: ObjectId): void {
    this.#held.values[this.#known(this.ids.add(id))] = 1;
  }

  /** Notes that an artifact names the object; its number. */
  note(id: ObjectId, size: number): number {
    return this.#note(this.ids.add(id), size);
  }

  /** Notes that the object is missing, and thus takes no bytes. */
  lose(number: number): void {
    this.#stored -= this.#sizes.values[number]!;
    this.#sizes.values[number] = 0;
  }

  /** As `note`, of an id that is text at `at`. */
  noteAt(text: Uint8Array, at: number, size: number): number {
    return this.#note(this.ids.addAt(text, at), size);
  }
}
