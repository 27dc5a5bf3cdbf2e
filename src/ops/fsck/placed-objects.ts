import { IdTable } from '../../core/objects/id-table.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { ObjectGroup, ObjectPlace } from '../../store/port/inventory.js';

/** One copy of an object, not yet read. */
export interface PlacedObject {
  readonly id: ObjectId;
  /** Bytes. */
  readonly size: number;
  /** The file that contains it. */
  readonly place: ObjectPlace;
}

/** Objects of the ledger itself, too. */
const LEAST_ROWS = 1024;
const GROWTH = 1.5;

function grown<A extends Float64Array | Uint32Array>(made: A, before: A): A {
  made.set(before as never);
  return made;
}

/** Rows and objects, once one has several copies. */
interface Copies {
  /** Row of each object, by its number; with several copies, the one in use. */
  rowOf: Uint32Array;
  /** The number of the object in each row. */
  numberIn: Uint32Array;
}

/**
 * Every copy of every object in a store with its location, in the order found. Instances are created on demand: a
 * million of them would fill the heap of a process.
 */
export class PlacedObjects implements Iterable<PlacedObject> {
  readonly #ids: IdTable;
  readonly #places: ObjectPlace[] = [];
  /** The first row of each place. */
  readonly #begins: number[] = [];
  /** By row. */
  #sizes: Float64Array;
  /** Undefined: one row an object, in the order of their numbers, as in most stores. */
  #copies: Copies | undefined;
  #length = 0;
  #bytes = 0;

  /** `expected` copies take no growing. */
  constructor(expected = 0) {
    const rows = expected + LEAST_ROWS;
    this.#ids = new IdTable(rows);
    this.#sizes = new Float64Array(rows);
  }

  #grow(): void {
    const rows = Math.ceil(GROWTH * this.#sizes.length);
    this.#sizes = grown(new Float64Array(rows), this.#sizes);
    if (this.#copies === undefined) return;
    this.#copies.rowOf = grown(new Uint32Array(rows), this.#copies.rowOf);
    this.#copies.numberIn = grown(new Uint32Array(rows), this.#copies.numberIn);
  }

  /** Adds all objects of a group; the inventory must have been requested with sizes. */
  addAll({ objects, ...place }: ObjectGroup): void {
    this.#places.push(place);
    this.#begins.push(this.#length);
    for (const { id, size = 0 } of objects) this.#add(id, size, place);
  }

  #add(id: ObjectId, size: number, { batch }: ObjectPlace): void {
    if (this.#length === this.#sizes.length) this.#grow();
    const row = this.#length++;
    const known = this.#ids.size;
    const number = this.#ids.add(id);
    this.#sizes[row] = size;
    this.#bytes += size;
    if (number < known && this.#copies === undefined) {
      const rows = Uint32Array.from({ length: this.#sizes.length }, (_, n) => n);
      this.#copies = { rowOf: rows, numberIn: rows.slice() };
    }
    if (this.#copies === undefined) return;
    // An object in both places counts as in use.
    if (number === known || batch === undefined) this.#copies.rowOf[number] = row;
    this.#copies.numberIn[row] = number;
  }

  #rowOf(number: number): number {
    return this.#copies === undefined ? number : this.#copies.rowOf[number]!;
  }
  #numberIn(row: number): number {
    return this.#copies === undefined ? row : this.#copies.numberIn[row]!;
  }

  /** The place that has this row: the last that begins with it or before. */
  #placeOf(row: number): ObjectPlace {
    let low = 0;
    for (let high = this.#begins.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.#begins[middle]! <= row) low = middle + 1;
      else high = middle;
    }
    return this.#places[low - 1]!;
  }

  #at(row: number, place: ObjectPlace): PlacedObject {
    return { id: this.#ids.at(this.#numberIn(row)), size: this.#sizes[row]!, place };
  }

  /** How many different objects there are. */
  get size(): number {
    return this.#ids.size;
  }

  /** Of all copies. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The number of an object, the same for all of its copies; -1 for none. */
  numberOf(id: ObjectId): number {
    return this.#ids.numberOf(id);
  }

  has(id: ObjectId): boolean {
    return this.#ids.has(id);
  }

  get(id: ObjectId): PlacedObject | undefined {
    const number = this.#ids.numberOf(id);
    if (number < 0) return undefined;
    const row = this.#rowOf(number);
    return this.#at(row, this.#placeOf(row));
  }

  /** Whether the object of this number is in use and has this size, if one is given. */
  isInUse(number: number, size?: number): boolean {
    if (number < 0) return false;
    const row = this.#rowOf(number);
    if (size !== undefined && this.#sizes[row] !== size) return false;
    return this.#placeOf(row).batch === undefined;
  }

  *[Symbol.iterator](): Iterator<PlacedObject> {
    for (const { objects } of this.groups()) yield* objects;
  }

  *#rows(n: number): Generator<PlacedObject, void> {
    for (let row = this.#begins[n]!; row < this.#endOf(n); row++) yield this.#at(row, this.#places[n]!);
  }

  #endOf(n: number): number {
    return this.#begins[n + 1] ?? this.#length;
  }

  /** What is in the trash, and what is in use and not among these marks. */
  usage(reachable: ObjectMarks | undefined) {
    const unreferenced = { objects: 0, size_bytes: 0 };
    const trash = { objects: 0, size_bytes: 0 };
    const batches = new Set<string>();
    for (const [n, { batch }] of this.#places.entries()) {
      const into = batch === undefined ? unreferenced : trash;
      for (let row = this.#begins[n]!; row < this.#endOf(n); row++) {
        if (batch !== undefined) batches.add(batch);
        else if (reachable?.hasNumber(this.#numberIn(row)) !== false) continue;
        into.objects += 1;
        into.size_bytes += this.#sizes[row]!;
      }
    }
    return { unreferenced, trash: { batches: batches.size, ...trash } };
  }

  /** The containers in the order found, each with its objects. */
  *groups(): Generator<{ readonly place: ObjectPlace; readonly objects: Iterable<PlacedObject> }, void> {
    for (const [n, place] of this.#places.entries()) yield { place, objects: this.#rows(n) };
  }
}

/** Some of the objects, a bit each. */
export class ObjectMarks {
  readonly #objects: PlacedObjects;
  readonly #bits: Uint8Array;

  /** Objects that are placed later have no marks. */
  constructor(objects: PlacedObjects) {
    this.#objects = objects;
    this.#bits = new Uint8Array(Math.ceil(objects.size / 8));
  }

  add(id: ObjectId): void {
    const number = this.#objects.numberOf(id);
    if (number >= 0) this.addNumber(number);
  }

  /** By the number in {@link PlacedObjects}. */
  addNumber(number: number): void {
    this.#bits[number >> 3]! |= 1 << (number & 7);
  }

  has(id: ObjectId): boolean {
    return this.hasNumber(this.#objects.numberOf(id));
  }

  hasNumber(number: number): boolean {
    return number >= 0 && (this.#bits[number >> 3]! & (1 << (number & 7))) !== 0;
  }
}
