import { decodeBundleIndex, MAX_INDEX_BYTES } from '../../core/objects/bundle-index.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { SizedObject } from '../../core/retention/sized-object.js';
import { isHsError } from '../../errors/hs-error.js';
import type { ObjectStore } from './object-store.js';

/** A directory payload as objects: its index and the files it lists. */
export interface IndexObjects {
  readonly index: SizedObject;
  readonly members: readonly SizedObject[];
}

/** Files that are held: a store may have more than fit in memory. */
const MOST_MEMBERS = 200_000;

/**
 * Bundle indexes by hash, the last ones held since they are immutable. `undefined` for one that is missing, does not
 * match its hash or is not an index.
 */
export class IndexReader {
  readonly #objects: ObjectStore;
  readonly #read = new Map<ObjectId, IndexObjects>();
  #members = 0;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  async read(id: ObjectId): Promise<IndexObjects | undefined> {
    const known = this.#read.get(id);
    if (known !== undefined) return known;
    try {
      const bytes = await this.#objects.read(id, MAX_INDEX_BYTES);
      const members = decodeBundleIndex(bytes).map((e) => ({ id: e.content_hash, size: e.size_bytes }));
      const found = { index: { id, size: bytes.byteLength }, members };
      if (this.#members > MOST_MEMBERS) {
        this.#read.clear();
        this.#members = 0;
      }
      this.#members += members.length;
      this.#read.set(id, found);
      return found;
    } catch (e) {
      if (!isHsError(e, 'OBJECT_MISSING', 'INTEGRITY', 'INVALID_RECORD', 'UNSAFE_PATH')) throw e;
      return undefined;
    }
  }
}
