import { IdTable } from '../../core/objects/id-table.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { Layout } from '../../store/local/layout.js';
import type { PlacedObject } from './placed-object.js';

const LEAST_ROWS = 64;

/** What objects lie in together: `objects/`, a batch of the trash, or one pack of either. */
type Place = Pick<PlacedObject, 'batch' | 'pack'>;

function doubled<A extends Float64Array | Uint32Array>(made: A, before: A): A {
  made.set(before as never);
  return made;
}

/**
 * Every object of a store and where it lies, in the order in which they were found. One object for each is
 * made as it is asked for: kept, those of a million files would take the heap that a program has.
 */
export class PlacedObjects implements Iterable<PlacedObject> {
  readonly #layout: Layout;
  readonly #ids = new IdTable();
  readonly #places: Place[] = [];
  /** By the number of the object in `#ids`: its row, of several the one in use. */
  #rowOf = new Uint32Array(LEAST_ROWS);
  /** By row. */
  #id = new Uint32Array(LEAST_ROWS);
  #place = new Uint32Array(LEAST_ROWS);
  #offset = new Uint32Array(LEAST_ROWS);
  #size = new Float64Array(LEAST_ROWS);
  #length = 0;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  #grow(): void {
    const rows = 2 * this.#id.length;
    this.#rowOf = doubled(new Uint32Array(rows), this.#rowOf);
    this.#id = doubled(new Uint32Array(rows), this.#id);
    this.#place = doubled(new Uint32Array(rows), this.#place);
    this.#offset = doubled(new Uint32Array(rows), this.#offset);
    this.#size = doubled(new Float64Array(rows), this.#size);
  }

  add({ id, size, batch, pack, offset }: Omit<PlacedObject, 'path'>): void {
    let place = this.#places.at(-1);
    if (place === undefined || place.batch !== batch || place.pack !== pack) {
      place = { ...(batch === undefined ? {} : { batch }), ...(pack === undefined ? {} : { pack }) };
      this.#places.push(place);
    }
    if (this.#length === this.#id.length) this.#grow();
    const row = this.#length++;
    const known = this.#ids.size;
    const number = this.#ids.add(id);
    // One that is in both places counts as where it belongs.
    if (number === known || batch === undefined) this.#rowOf[number] = row;
    this.#id[row] = number;
    this.#place[row] = this.#places.length - 1;
    this.#offset[row] = offset ?? 0;
    this.#size[row] = size;
  }

  #at(row: number): PlacedObject {
    const id = this.#ids.at(this.#id[row]!);
    const place = this.#places[this.#place[row]!]!;
    const { batch, pack } = place;
    const size = this.#size[row]!;
    if (pack !== undefined) return { id, path: pack.path, size, ...place, offset: this.#offset[row]! };
    const path = batch === undefined ? this.#layout.object(id) : this.#layout.trashed(batch, id);
    return { id, path, size, ...place };
  }

  has(id: ObjectId): boolean {
    return this.#ids.has(id);
  }

  get(id: ObjectId): PlacedObject | undefined {
    const number = this.#ids.numberOf(id);
    return number < 0 ? undefined : this.#at(this.#rowOf[number]!);
  }

  *[Symbol.iterator](): Iterator<PlacedObject> {
    for (let row = 0; row < this.#length; row++) yield this.#at(row);
  }
}
