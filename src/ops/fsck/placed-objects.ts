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

const LEAST_ROWS = 64;

function doubled<A extends Float64Array | Uint32Array>(made: A, before: A): A {
  made.set(before as never);
  return made;
}

/**
 * Every copy of every object in a store with its location, in the order found. Instances are created on demand: a
 * million of them would fill the heap of a process.
 */
export class PlacedObjects implements Iterable<PlacedObject> {
  readonly #ids = new IdTable();
  readonly #places: ObjectPlace[] = [];
  /** The first row of each place. */
  readonly #begins: number[] = [];
  /** Row of each object, by its number in `#ids`; with several copies, the one in use. */
  #rowOf = new Uint32Array(LEAST_ROWS);
  /** Indexed by row. */
  #id = new Uint32Array(LEAST_ROWS);
  #place = new Uint32Array(LEAST_ROWS);
  #size = new Float64Array(LEAST_ROWS);
  #length = 0;
  #bytes = 0;

  #grow(): void {
    const rows = 2 * this.#id.length;
    this.#rowOf = doubled(new Uint32Array(rows), this.#rowOf);
    this.#id = doubled(new Uint32Array(rows), this.#id);
    this.#place = doubled(new Uint32Array(rows), this.#place);
    this.#size = doubled(new Float64Array(rows), this.#size);
  }

  /** Adds all objects of a group; the inventory must have been requested with sizes. */
  addAll({ objects, ...place }: ObjectGroup): void {
    this.#places.push(place);
    this.#begins.push(this.#length);
    for (const { id, size = 0 } of objects) this.#add(id, size, place);
  }

  #add(id: ObjectId, size: number, { batch }: ObjectPlace): void {
    if (this.#length === this.#id.length) this.#grow();
    const row = this.#length++;
    const known = this.#ids.size;
    const number = this.#ids.add(id);
    // An object in both places counts as in use.
    if (number === known || batch === undefined) this.#rowOf[number] = row;
    this.#id[row] = number;
    this.#place[row] = this.#places.length - 1;
    this.#size[row] = size;
    this.#bytes += size;
  }

  #at(row: number): PlacedObject {
    const id = this.#ids.at(this.#id[row]!);
    return { id, size: this.#size[row]!, place: this.#places[this.#place[row]!]! };
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
    return number < 0 ? undefined : this.#at(this.#rowOf[number]!);
  }

  /** Whether the object of this number is in use and has this size, if one is given. */
  isInUse(number: number, size?: number): boolean {
    if (number < 0) return false;
    const row = this.#rowOf[number]!;
    if (size !== undefined && this.#size[row] !== size) return false;
    return this.#places[this.#place[row]!]!.batch === undefined;
  }

  *[Symbol.iterator](): Iterator<PlacedObject> {
    yield* this.#rows(0, this.#length);
  }

  *#rows(begin: number, end: number): Generator<PlacedObject, void> {
    for (let row = begin; row < end; row++) yield this.#at(row);
  }

  /** What is in the trash, and what is in use and not among these marks. */
  usage(reachable: ObjectMarks | undefined) {
    const unreferenced = { objects: 0, size_bytes: 0 };
    const trash = { objects: 0, size_bytes: 0 };
    const batches = new Set<string>();
    for (let row = 0; row < this.#length; row++) {
      const { batch } = this.#places[this.#place[row]!]!;
      if (batch !== undefined) batches.add(batch);
      else if (reachable?.hasNumber(this.#id[row]!) !== false) continue;
      const into = batch === undefined ? unreferenced : trash;
      into.objects += 1;
      into.size_bytes += this.#size[row]!;
    }
    return { unreferenced, trash: { batches: batches.size, ...trash } };
  }

  /** The containers in the order found, each with its objects. */
  *groups(): Generator<{ readonly place: ObjectPlace; readonly objects: Iterable<PlacedObject> }, void> {
    for (let i = 0; i < this.#places.length; i++) {
      const end = this.#begins[i + 1] ?? this.#length;
      yield { place: this.#places[i]!, objects: this.#rows(this.#begins[i]!, end) };
    }
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
