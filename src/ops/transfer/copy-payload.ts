import { encodeBundleIndex } from '../../core/objects/bundle-index.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { ObjectBatch } from '../../store/port/object-batch.js';
import type { CheckedMember } from '../bundle/checked-bundle.js';
import { SMALL_BYTES } from '../payload/payload-source.js';
import type { Session } from '../session/session.js';

/** Copies objects into a batch of another store, each once, and only those that are missing there. */
export class ObjectCopier {
  readonly #from: Session;
  readonly #batch: ObjectBatch;
  /** What is in use there, and how large it is. */
  readonly #there: ReadonlyMap<ObjectId, number>;
  readonly #copied = new Set<ObjectId>();

  private constructor(from: Session, batch: ObjectBatch, there: ReadonlyMap<ObjectId, number>) {
    this.#from = from;
    this.#batch = batch;
    this.#there = there;
  }

  /** Copies objects of these artifacts. */
  static async of(
    members: readonly CheckedMember[],
    from: Session,
    to: Session,
    batch: ObjectBatch,
  ): Promise<ObjectCopier> {
    const ids = new Set(members.flatMap(({ files }) => files.map((f) => f.hash)));
    return new ObjectCopier(from, batch, await to.store.objects.sizesInUse(ids));
  }

  /** The files of an artifact and its index; INTEGRITY when an object does not match its name. */
  async payload({ files, index }: CheckedMember): Promise<void> {
    for (const { hash, size } of files) await this.#object(hash, size);
    if (index !== undefined) await this.#batch.addBytes(encodeBundleIndex(index));
  }

  async #object(id: ObjectId, size: number): Promise<void> {
    const { signal, progress } = this.#from;
    signal.throwIfAborted();
    if (this.#copied.has(id)) return;
    const { objects } = this.#from.store;
    if (this.#there.get(id) === size) {
      await this.#batch.reference(id, size);
      progress.advance(size);
    } else if (size <= SMALL_BYTES) {
      await this.#batch.addBytes(await objects.read(id, SMALL_BYTES));
      progress.advance(size);
    } else {
      const file = await objects.open(id);
      try {
        const added = await this.#batch.addSource(file, (bytes) => {
          signal.throwIfAborted();
          progress.advance(bytes);
        });
        if (added.id !== id) throw objects.mismatch(id);
      } finally {
        await file.close();
      }
    }
    this.#copied.add(id);
  }
}
