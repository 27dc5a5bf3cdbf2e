import type { ObjectId, Timestamp } from '../../../core/objects/ids.js';
import type {
  Erasure,
  PurgeNote,
  Reclaimer,
  SweepRules,
  TakenOut,
  TrashBatch,
  TrashSeal,
  UnusedObjects,
  Working,
} from '../../port/reclaimer.js';
import type { LocalParts } from '../local-parts.js';
import { setAside } from '../objects/set-aside.js';
import { dropPackedCopies, mergePacks, smallPacks, soundPacks } from '../objects/tidy-packs.js';
import { writePacksIndex } from '../objects/write-packs-index.js';
import { eraseBatch } from './erase-batch.js';
import { rescueBatch } from './rescue-batch.js';
import type { Trash } from './trash.js';
import { Trasher } from './trasher.js';

/**
 * The trash is the directory `trash/`: files and whole packs are renamed into it and back; part of a pack means a new
 * pack.
 */
export class ReclaimFiles implements Reclaimer {
  readonly #parts: LocalParts;
  readonly #trash: Trash;

  constructor(parts: LocalParts, trash: Trash) {
    this.#parts = parts;
    this.#trash = trash;
  }

  batches(): Promise<TrashBatch[]> {
    return this.#trash.list();
  }

  contents(batch: TrashBatch): Promise<readonly ObjectId[]> {
    return this.#trash.contents(batch);
  }

  async moveToTrash(
    unused: readonly UnusedObjects[],
    rules: SweepRules,
    older: readonly TrashBatch[],
    now: Timestamp,
    working: Working,
  ): Promise<TakenOut> {
    const { files } = this.#parts;
    const trasher = new Trasher(this.#parts, this.#trash, rules, now, working);
    const single = unused.filter(({ group }) => group.pack === undefined);
    const all = single.reduce((sum, { ids }) => sum + ids.length, 0);
    working.progress.start('moving to the trash', all, 'objects');
    for (const { ids } of single) {
      for (const id of ids) {
        working.progress.advance(1);
        const size = rules.sizeOf(id) ?? (await files.sizeOfFile(id));
        if (size !== undefined) await trasher.trashFile(id, size);
      }
    }
    const holed = new Set(unused.map(({ group }) => group.pack));
    for (const pack of (await files.packs?.all()) ?? [])
      if (holed.has(pack.name)) await trasher.trashPack(pack);
    for (const batch of older) await trasher.moveFromOlder(batch);
    const left = await trasher.splitPacks();
    // A pack that was rewritten there can be read here until it is looked for again.
    for (const { name } of older) await files.packsOf(name)?.refresh();
    return { batches: trasher.batches, swept: trasher.swept, left };
  }

  seal(batch: TrashBatch, seal: TrashSeal): Promise<TrashBatch> {
    return this.#trash.seal(batch, seal);
  }

  rescue(batch: TrashBatch, isInUse: (id: ObjectId) => boolean, working: Working): Promise<number> {
    return rescueBatch(this.#parts, this.#trash, batch, isInUse, working);
  }

  erase(batch: TrashBatch, erasure: Erasure, working: Working): Promise<PurgeNote> {
    return eraseBatch(this.#parts, this.#trash, batch, erasure, working);
  }

  async drop(batch: TrashBatch): Promise<readonly string[]> {
    // The content is unknown: it may be what should go or what is needed (D8).
    const unreadable = await this.#trash.unreadable(batch);
    if (unreadable.length === 0) await this.#trash.drop(batch);
    return unreadable.map(
      (name) =>
        `pack ${name} in the trash cannot be read, and stays until hs fsck --repair moves it to the quarantine`,
    );
  }

  async needsConsolidation(): Promise<boolean> {
    const { packs } = this.#parts.files;
    await packs?.refresh();
    return packs?.isIndexDue === true || (await this.#hasSmallPacks());
  }

  async consolidate(working: Pick<Working, 'staging' | 'signal'>): Promise<void> {
    const { packs } = this.#parts.files;
    await packs?.refresh();
    if (await this.#hasSmallPacks()) await mergePacks(this.#parts, await soundPacks(packs), working);
    await writePacksIndex(this.#parts, working);
  }

  /** Whether there are enough to be merged. */
  async #hasSmallPacks(): Promise<boolean> {
    return smallPacks(this.#parts, (await this.#parts.files.packs?.shapes()) ?? []).length > 0;
  }

  dropCopies(id: ObjectId, lease: string): Promise<boolean> {
    return dropPackedCopies(this.#parts, id, lease);
  }

  setAside(ids: ReadonlySet<ObjectId>, lease: string): Promise<ReadonlySet<ObjectId>> {
    return setAside(this.#parts, ids, lease);
  }
}
