import { sha256 } from '../../core/objects/hash.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import { corrupt } from '../objects/object-store.js';
import {
  type Added,
  BY_NAME,
  type ByteSource,
  type ObjectBatch,
  type Published,
} from '../port/object-batch.js';
import type { MemoryProcess, MemoryStaged, MemoryState } from './memory-state.js';

const CHUNK_BYTES = 1024 * 1024;

/** Objects invisible to others until published, each in a step of its own. */
export class MemoryBatch implements ObjectBatch {
  readonly lease: string;
  readonly damaged = new Set<ObjectId>();
  readonly mayConsolidate = false;
  readonly #state: MemoryState;
  readonly #process: MemoryProcess;
  readonly #staged: MemoryStaged;
  /** Size in bytes of every member, staged or found. */
  readonly #sizes = new Map<ObjectId, number>();

  constructor(state: MemoryState, process: MemoryProcess, lease: string) {
    this.#state = state;
    this.#process = process;
    this.lease = lease;
    this.#staged = { lease, objects: new Map() };
  }

  distrust(id: ObjectId): void {
    this.damaged.add(id);
  }

  async addBytes(bytes: Uint8Array): Promise<Added> {
    const id = sha256(bytes);
    const size = bytes.byteLength;
    const { objects } = this.#staged;
    await this.#process.step('batch add', () => {
      const found = this.#state.objects.get(id);
      if (found !== undefined && Buffer.compare(found, bytes) !== 0) this.damaged.add(id);
      if (found === undefined || this.damaged.has(id)) {
        objects.set(id, Uint8Array.from(bytes));
        this.#state.staged.add(this.#staged);
      }
      this.#sizes.set(id, size);
    });
    return { id, size };
  }

  async addPieces(pieces: () => Iterable<Uint8Array>): Promise<Added> {
    return this.addBytes(Buffer.concat([...pieces()]));
  }

  async addSource(source: ByteSource, onBytes?: (count: number) => void): Promise<Added> {
    const chunks: Uint8Array[] = [];
    for (let position = 0; ; ) {
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      const count = await source.read(buffer, position);
      if (count === 0) return this.addBytes(Buffer.concat(chunks));
      chunks.push(buffer.subarray(0, count));
      position += count;
      onBytes?.(count);
    }
  }

  async reference(id: ObjectId, size?: number): Promise<void> {
    if (this.#sizes.has(id)) return;
    this.#sizes.set(id, await this.#demand(id, size));
  }

  async referenceAll(ids: Iterable<ObjectId>): Promise<void> {
    for (const id of ids) await this.reference(id);
  }

  /** Brings the object back into use; returns its size in bytes. */
  #demand(id: ObjectId, size: number | undefined): Promise<number> {
    const { objects, trash } = this.#state;
    return this.#process.step('batch demand', () => {
      let found = objects.get(id);
      for (const batch of found === undefined ? trash.values() : []) {
        found = batch.objects.get(id);
        if (found === undefined) continue;
        batch.objects.delete(id);
        objects.set(id, found);
        break;
      }
      if (found === undefined) throw new HsError('OBJECT_MISSING', `object ${id} is missing`);
      // The name promises the bytes: a different size proves damage, and new bytes under this name would hide it.
      if (size !== undefined && found.byteLength !== size) throw corrupt(id);
      return found.byteLength;
    });
  }

  async publish(): Promise<Published> {
    const { objects } = this.#staged;
    for (const [id, size] of this.#sizes) {
      const bytes = objects.get(id);
      if (bytes === undefined) await this.#demand(id, size);
      else {
        await this.#process.step('batch publish', () => {
          this.#state.objects.set(id, bytes);
          objects.delete(id);
        });
      }
    }
    if (objects.size === 0) this.#state.staged.delete(this.#staged);
    return BY_NAME;
  }

  async discard(): Promise<void> {
    this.#state.staged.delete(this.#staged);
    this.#staged.objects.clear();
    this.#sizes.clear();
  }
}
