import type { ObjectId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import { inMemory } from '../objects/object-store.js';
import type { FoundBytes, ObjectFile, ObjectSource } from '../port/object-source.js';
import type { MemoryProcess, MemoryState } from './memory-state.js';

/** Locates an object in one step, so that none can move meanwhile. */
export class MemoryObjects implements ObjectSource {
  readonly #state: MemoryState;
  readonly #process: MemoryProcess;

  constructor(state: MemoryState, process: MemoryProcess) {
    this.#state = state;
    this.#process = process;
  }

  #find(id: ObjectId): Promise<Uint8Array | undefined> {
    const { objects, trash } = this.#state;
    return this.#process.step('object find', () => {
      const inUse = objects.get(id);
      if (inUse !== undefined) return inUse;
      for (const batch of trash.values()) {
        const found = batch.objects.get(id);
        if (found !== undefined) return found;
      }
      return undefined;
    });
  }

  async read(id: ObjectId, maxBytes: number): Promise<FoundBytes | undefined> {
    const bytes = await this.#find(id);
    if (bytes !== undefined && bytes.byteLength > maxBytes) {
      throw new HsError(
        'INTEGRITY',
        `object ${id} is larger than ${maxBytes} bytes, which it cannot be here`,
      );
    }
    return bytes && { bytes, shared: true };
  }

  /** Nothing is at hand: every lookup is a step like any other. */
  atHand(): undefined {
    return undefined;
  }

  async open(id: ObjectId): Promise<ObjectFile | undefined> {
    const bytes = await this.#find(id);
    return bytes && inMemory(bytes);
  }

  async size(id: ObjectId): Promise<number | undefined> {
    return (await this.#find(id))?.byteLength;
  }

  async sizesInUse(ids: Iterable<ObjectId>): Promise<ReadonlyMap<ObjectId, number>> {
    const sizes = new Map<ObjectId, number>();
    for (const id of ids) {
      const size = await this.sizeInUse(id);
      if (size !== undefined) sizes.set(id, size);
    }
    return sizes;
  }

  sizeInUse(id: ObjectId): Promise<number | undefined> {
    return this.#process.step('object size', () => this.#state.objects.get(id)?.byteLength);
  }

  async refresh(): Promise<void> {}
}
