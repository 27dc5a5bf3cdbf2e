import { IdTable } from '../../core/objects/id-table.js';
import type { SizedObject } from '../../core/retention/sized-object.js';

const LEAST_ROWS = 64;

/** Which groups name which objects: the first group of each in 4 bytes beside its id, further ones apart. */
export class SharedObjects {
  readonly #ids = new IdTable();
  /** By object: the number of its first group. */
  #first = new Uint32Array(LEAST_ROWS);
  /** By group: of the objects of which it is not the first, their numbers. */
  readonly #further = new Map<number, Set<number>>();

  /** Whether the object is new to all groups, new to this one, or neither. */
  add({ id }: Pick<SizedObject, 'id'>, group: number): 'new' | 'shared' | 'known' {
    const { size } = this.#ids;
    const object = this.#ids.add(id);
    if (object === size) {
      if (object === this.#first.length) {
        const more = new Uint32Array(2 * object);
        more.set(this.#first);
        this.#first = more;
      }
      this.#first[object] = group;
      return 'new';
    }
    if (this.#first[object] === group) return 'known';
    const further = this.#further.get(group) ?? new Set<number>();
    this.#further.set(group, further);
    if (further.has(object)) return 'known';
    further.add(object);
    return 'shared';
  }
}
