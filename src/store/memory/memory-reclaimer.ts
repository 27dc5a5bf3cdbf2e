import type { Random } from '../../core/effects.js';
import type { ObjectId, Timestamp } from '../../core/objects/ids.js';
import { timeOfBatch } from '../collector/batch-time.js';
import type {
  Erasure,
  PurgeNote,
  Reclaimer,
  SweepRules,
  TakenOut,
  TrashBatch,
  TrashSeal,
  TrashWindow,
  UnusedObjects,
  Working,
} from '../port/reclaimer.js';
import type { MemoryProcess, MemoryState, MemoryTrash } from './memory-state.js';

/** Moves objects between maps, one per step, so that a process reusing one can run in between. */
export class MemoryReclaimer implements Reclaimer {
  readonly #state: MemoryState;
  readonly #process: MemoryProcess;
  readonly #random: Random;

  constructor(state: MemoryState, process: MemoryProcess, random: Random) {
    this.#state = state;
    this.#process = process;
    this.#random = random;
  }

  #toBatch(name: string, { window, seal, purge }: MemoryTrash): TrashBatch {
    return { name, window, ...(seal && { seal }), ...(purge && { purge }) };
  }

  batches(): Promise<TrashBatch[]> {
    return this.#process.step('trash list', () =>
      [...this.#state.trash]
        .map(([name, trash]) => this.#toBatch(name, trash))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
  }

  contents({ name }: TrashBatch): Promise<readonly ObjectId[]> {
    return this.#process.step('trash contents', () =>
      [...(this.#state.trash.get(name)?.objects.keys() ?? [])].sort(),
    );
  }

  async moveToTrash(
    unused: readonly UnusedObjects[],
    rules: SweepRules,
    older: readonly TrashBatch[],
    now: Timestamp,
    { signal, progress }: Working,
  ): Promise<TakenOut> {
    const made = new Map<TrashWindow, string>();
    const batchOf = async (window: TrashWindow) => {
      signal?.throwIfAborted();
      const name = made.get(window) ?? `${timeOfBatch(now)}-${this.#random.hex(6)}-${window}`;
      if (!made.has(window)) {
        await this.#process.step('trash make', () =>
          this.#state.trash.set(name, { window, objects: new Map() }),
        );
      }
      made.set(window, name);
      return this.#state.trash.get(name)!.objects;
    };
    const swept = new Map<ObjectId, number>();
    progress.start('moving to the trash', undefined, 'objects');
    for (const id of unused.flatMap(({ ids }) => ids)) {
      progress.advance(1);
      const size = await this.#move(id, this.#state.objects, await batchOf(rules.windowOf(id)));
      if (size !== undefined) swept.set(id, size);
    }
    for (const batch of older) {
      const from = this.#state.trash.get(batch.name)?.objects ?? new Map<ObjectId, Uint8Array>();
      for (const id of [...from.keys()]) {
        if (rules.leaves(id, batch)) await this.#move(id, from, await batchOf(rules.windowOf(id)));
      }
    }
    const sizes = [...swept.values()];
    return {
      batches: [...made].map(([window, name]) => ({ name, window })),
      swept: { objects: sizes.length, size_bytes: sizes.reduce((sum, size) => sum + size, 0) },
      left: [],
    };
  }

  /** Size in bytes; undefined: it was already gone. */
  #move(
    id: ObjectId,
    from: Map<ObjectId, Uint8Array>,
    to: Map<ObjectId, Uint8Array>,
  ): Promise<number | undefined> {
    return this.#process.step('trash move', () => {
      const bytes = from.get(id);
      if (bytes === undefined) return undefined;
      to.set(id, bytes);
      from.delete(id);
      return bytes.byteLength;
    });
  }

  seal({ name, window }: TrashBatch, seal: TrashSeal): Promise<TrashBatch> {
    return this.#process.step('trash seal', () => {
      const trash = this.#state.trash.get(name);
      if (trash !== undefined) trash.seal = seal;
      return { name, window, seal };
    });
  }

  async rescue(batch: TrashBatch, isInUse: (id: ObjectId) => boolean): Promise<number> {
    const { objects, trash } = this.#state;
    let count = 0;
    for (const id of await this.contents(batch)) {
      if (!isInUse(id)) continue;
      await this.#process.step('trash rescue', () => {
        const from = trash.get(batch.name)?.objects;
        const bytes = from?.get(id);
        if (bytes === undefined) return;
        if (!objects.has(id)) {
          objects.set(id, bytes);
          count += 1;
        }
        from!.delete(id);
      });
    }
    return count;
  }

  async erase(batch: TrashBatch, { isInUse, isLast, counted, broughtBack }: Erasure): Promise<PurgeNote> {
    const trash = this.#state.trash.get(batch.name);
    const ids = (await this.contents(batch)).filter((id) => !isInUse(id));
    const isNew = ids.filter((id) => !counted.has(id));
    for (const id of ids) counted.add(id);
    const note = await this.#process.step('trash note', () => {
      const size_bytes = isNew.reduce((sum, id) => sum + (trash?.objects.get(id)?.byteLength ?? 0), 0);
      const purge = batch.purge ?? { objects: isNew.length, size_bytes, brought_back: broughtBack };
      if (trash !== undefined) trash.purge = purge;
      return purge;
    });
    for (const last of [false, true]) {
      for (const id of ids) {
        if (isLast(id) === last) await this.#process.step('trash erase', () => trash?.objects.delete(id));
      }
    }
    return note;
  }

  async drop({ name }: TrashBatch): Promise<readonly string[]> {
    await this.#process.step('trash drop', () => {
      if (this.#state.trash.get(name)?.objects.size === 0) this.#state.trash.delete(name);
    });
    return [];
  }

  /** Nothing to merge: objects in memory are not packed. */
  async needsConsolidation(): Promise<boolean> {
    return false;
  }
  async consolidate(): Promise<void> {}

  /** There is one copy of each object; a good one has already replaced a damaged one. */
  dropCopies(id: ObjectId): Promise<boolean> {
    return this.#process.step('drop copies', () => this.#state.objects.has(id));
  }
}
