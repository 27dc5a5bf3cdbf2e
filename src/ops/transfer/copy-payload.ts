import { encodeBundleIndex } from '../../core/objects/bundle-index.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { ObjectBatch } from '../../store/port/object-batch.js';
import type { CheckedMember } from '../bundle/checked-bundle.js';
import { lies } from '../bundle/entry-error.js';
import { OpenFile } from '../payload/open-file.js';
import { SMALL_BYTES } from '../payload/payload-source.js';
import type { Session } from '../session/session.js';

/** Copies objects into a batch of another store, each once, and only those that are missing there. */
export class ObjectCopier {
  readonly #from: Session;
  readonly #batch: ObjectBatch;
  /** What is in use there, and how large it is. */
  readonly #there: ReadonlyMap<ObjectId, number>;
  readonly #sizes = new Map<ObjectId, number>();

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

  /**
   * The files of an artifact and its index. INTEGRITY when an object does not match its name or the size stated for it:
   * whether a file is empty, for one, decides whether its content is watched.
   */
  async payload({ files, index }: CheckedMember): Promise<void> {
    for (const { path, hash, size } of files)
      if ((await this.#sizeOf(hash, size)) !== size)
        throw lies('does not have the size that is stated', path);
    if (index !== undefined) await this.#batch.addBytes(encodeBundleIndex(index));
  }

  /** The true size of an object, which is in the batch after that. */
  async #sizeOf(id: ObjectId, stated: number): Promise<number> {
    const size = this.#sizes.get(id) ?? (await this.#object(id, stated));
    this.#sizes.set(id, size);
    return size;
  }

  async #object(id: ObjectId, stated: number): Promise<number> {
    const { signal, progress } = this.#from;
    signal.throwIfAborted();
    const { objects } = this.#from.store;
    if (this.#there.get(id) === stated) {
      await this.#batch.reference(id, stated);
      progress.advance(stated);
      return stated;
    }
    if (stated <= SMALL_BYTES) {
      const { size } = await this.#batch.addBytes(await objects.read(id, SMALL_BYTES));
      progress.advance(size);
      return size;
    }
    const file = new OpenFile(await objects.open(id), stated, () => objects.mismatch(id));
    try {
      const added = await this.#batch.addSource(file, (bytes) => {
        signal.throwIfAborted();
        progress.advance(bytes);
      });
      if (added.id !== id) throw objects.mismatch(id);
      return added.size;
    } finally {
      await file.end();
    }
  }
}
