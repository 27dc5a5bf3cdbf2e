import { encodeBundleIndex } from '../../core/objects/bundle-index.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { ObjectBatch } from '../../store/port/object-batch.js';
import type { CheckedMember } from '../bundle/checked-bundle.js';
import { SMALL_BYTES } from '../payload/payload-source.js';
import type { Session } from '../session/session.js';

/** Copies objects into a batch of another store, each once, and only those that are missing there. */
export class ObjectCopier {
  readonly #from: Session;
  readonly #to: Session;
  readonly #batch: ObjectBatch;
  readonly #copied = new Set<ObjectId>();

  constructor(from: Session, to: Session, batch: ObjectBatch) {
    this.#from = from;
    this.#to = to;
    this.#batch = batch;
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
    if ((await this.#to.store.objects.sizeInUse(id)) === size) {
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
