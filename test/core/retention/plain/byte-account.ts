import type { ObjectId } from '../../../../src/core/objects/ids.js';

/** An object as retention sees it: who shares it, and how many bytes it is. */
export interface SizedObject {
  readonly id: ObjectId;
  readonly size: number;
}

/** Who uses which object: shared ones count once, and are freed when their last user goes. */
export class ByteAccount {
  readonly #slots = new Map<ObjectId, number>();
  readonly #sizes: number[] = [];
  readonly #users: number[] = [];
  #stored = 0;

  /** Bytes of all distinct objects that have a user. */
  get stored(): number {
    return this.#stored;
  }

  use(objects: Iterable<SizedObject>): void {
    for (const { id, size } of objects) {
      const slot = this.#slots.get(id);
      if (slot === undefined) {
        this.#slots.set(id, this.#sizes.length);
        this.#sizes.push(size);
        this.#users.push(1);
        this.#stored += size;
      } else {
        this.#users[slot]!++;
      }
    }
  }

  /** Whether anything still uses the object. */
  isUsed(id: ObjectId): boolean {
    return this.#users[this.#slots.get(id)!]! > 0;
  }

  /** Takes one user from each object; the objects that this left without any. */
  release(objects: Iterable<SizedObject>): readonly SizedObject[] {
    const freed: SizedObject[] = [];
    for (const { id } of objects) {
      const slot = this.#slots.get(id)!;
      if (--this.#users[slot]! > 0) continue;
      const size = this.#sizes[slot]!;
      this.#stored -= size;
      freed.push({ id, size });
    }
    return freed;
  }
}
