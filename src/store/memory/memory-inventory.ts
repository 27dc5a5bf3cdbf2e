import type { ObjectId } from '../../core/objects/ids.js';
import { inMemory } from '../objects/object-store.js';
import type { Inventory, InventoryRequest, ObjectGroup, Quarantined, Staged } from '../port/inventory.js';
import type { MemoryProcess, MemoryState } from './memory-state.js';

/** Objects in use are one group; each trash batch is another. */
export class MemoryInventory implements Inventory {
  readonly #state: MemoryState;
  readonly #process: MemoryProcess;

  constructor(state: MemoryState, process: MemoryProcess) {
    this.#state = state;
    this.#process = process;
  }

  async *groups({ where, prefix = '' }: InventoryRequest = {}): AsyncGenerator<ObjectGroup> {
    const { objects, trash } = this.#state;
    if (where !== 'trash') yield await this.#group(objects, prefix);
    if (where === 'in use') return;
    const batches = await this.#process.step('inventory', () =>
      [...trash].sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    for (const [name, batch] of batches) yield { ...(await this.#group(batch.objects, prefix)), batch: name };
  }

  #group(from: ReadonlyMap<ObjectId, Uint8Array>, prefix: string): Promise<ObjectGroup> {
    const gone = (id: ObjectId) =>
      Object.assign(new Error(`object ${id} has gone`), { code: 'ENOENT', errno: -2 });
    return this.#process.step('inventory', () => ({
      objects: [...from]
        .filter(([id]) => id.startsWith(prefix))
        .map(([id, bytes]) => ({ id, size: bytes.byteLength }))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
      size: (id) => this.#process.step('inventory size', () => from.get(id)?.byteLength),
      open: (id) =>
        this.#process.step('inventory open', () => {
          const bytes = from.get(id);
          if (bytes === undefined) throw gone(id);
          return inMemory(bytes);
        }),
      nameOf: (id) => `object ${id}`,
      close: async () => undefined,
    }));
  }

  /** Damaged objects stay where they are. */
  async quarantine(): Promise<Quarantined> {
    return { files: 0, size_bytes: 0 };
  }

  async quarantineOf(): Promise<undefined> {
    return undefined;
  }

  async quarantinedCopies(): Promise<readonly []> {
    return [];
  }

  staged(): Promise<readonly Staged[]> {
    return this.#process.step('inventory staged', () =>
      [...this.#state.staged].flatMap(({ lease, objects }) =>
        [...objects.keys()].map((id) => ({ name: `${lease}-${id}`, lease, isStray: false })),
      ),
    );
  }
}
