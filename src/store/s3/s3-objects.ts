import { sha256 } from '../../core/objects/hash.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { FoundBytes, ObjectFile, ObjectSource } from '../port/object-source.js';
import type { Condemnations } from './condemnations.js';
import type { Fetcher } from './fetcher.js';
import type { Mirror } from './mirror.js';
import type { S3Trash } from './s3-trash.js';

/** Of one object for one read: what is fetched may be removed again before it is used. */
const MOST_FETCHES = 3;

/**
 * Objects from the mirror, as far as their bytes are what their names say, and from the service otherwise. What is in
 * use is asked of the service alone.
 */
export class S3Objects implements ObjectSource {
  readonly #mirror: Mirror;
  readonly #fetcher: Fetcher;
  readonly #trash: S3Trash;
  /** It reads lists that the ledger condemns by, which are objects. */
  readonly #condemned: () => Condemnations;

  constructor(mirror: Mirror, fetcher: Fetcher, trash: S3Trash, condemned: () => Condemnations) {
    this.#mirror = mirror;
    this.#fetcher = fetcher;
    this.#trash = trash;
    this.#condemned = condemned;
  }

  async read(id: ObjectId, maxBytes: number): Promise<FoundBytes | undefined> {
    const { objects } = this.#mirror.local;
    await this.#fetcher.expected();
    const found = await this.#mirror.usable(objects.read(id, maxBytes));
    if (found !== undefined && sha256(found.bytes) === id) return found;
    return this.#brought(id, () => objects.read(id, maxBytes));
  }

  /**
   * Uses an object that is not in the mirror, or not as it should be, once it was fetched; fetches again what another call or
   * process has removed by then.
   */
  async #brought<T>(id: ObjectId, use: () => Promise<T | undefined>): Promise<T | undefined> {
    let found: T | undefined;
    for (let left = MOST_FETCHES; left > 0 && found === undefined; left--) {
      // Another call may have brought it meanwhile, and be about to use it.
      const isThere = await this.#mirror.isSoundOrDropped(id);
      if (!isThere && !(await this.#fetcher.bring(id, this.#condemned().epoch))) return undefined;
      found = await use();
    }
    return found;
  }

  atHand(id: ObjectId, maxBytes: number): Uint8Array | undefined {
    const bytes = this.#mirror.local.objects.atHand(id, maxBytes);
    return bytes !== undefined && sha256(bytes) === id ? bytes : undefined;
  }

  async open(id: ObjectId): Promise<ObjectFile | undefined> {
    const { objects } = this.#mirror.local;
    if (await this.#mirror.isSound(id)) return objects.open(id);
    return this.#brought(id, () => objects.open(id));
  }

  async size(id: ObjectId): Promise<number | undefined> {
    const file = await this.#mirror.fileOf(id);
    if (file !== undefined) {
      const listed = await this.#fetcher.listed?.then((contents) => contents.sizeOf(id));
      // A power cut may have left a file without its bytes: nothing in the mirror is durable.
      const isDoubted = file.size === 0 || (listed !== undefined && listed !== file.size);
      if (!isDoubted || (await this.#mirror.isSoundOrDropped(id))) return file.size;
    }
    return this.#fetcher.ask((contents) => contents.sizeOf(id));
  }

  async sizeInUse(id: ObjectId): Promise<number | undefined> {
    // Lists again where the last listing does not know it.
    await this.#fetcher.ask((contents) => contents.sizeOf(id));
    return (await this.#sizesInUse([id])).get(id);
  }

  async sizesInUse(ids: Iterable<ObjectId>): Promise<ReadonlyMap<ObjectId, number>> {
    this.#fetcher.forget();
    return this.#sizesInUse(ids);
  }

  /** As of the last listing; what is only at condemned keys is as good as gone. */
  async #sizesInUse(ids: Iterable<ObjectId>): Promise<ReadonlyMap<ObjectId, number>> {
    const contents = await this.#fetcher.contents();
    const open = await this.#condemned().open(contents);
    const sizes = new Map<ObjectId, number>();
    for (const id of ids) {
      const size = open.sizeOf(id);
      if (size !== undefined && !(await this.#trash.holds(id, contents))) sizes.set(id, size);
    }
    return sizes;
  }

  async refresh(): Promise<void> {
    this.#fetcher.forget();
    this.#trash.forget();
    await this.#mirror.local.objects.refresh();
  }
}
