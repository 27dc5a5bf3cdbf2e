import type { ObjectId, Timestamp } from '../../../core/objects/ids.js';
import type { PackEntry } from '../../../core/objects/pack-index.js';
import { isErrno } from '../../../errors/hs-error.js';
import type { SweepRules, Swept, TrashBatch, TrashWindow, Working } from '../../port/reclaimer.js';
import type { LocalParts } from '../local-parts.js';
import type { WholePack } from '../objects/pack.js';
import { type PackMove, Repack } from '../objects/repack.js';
import type { Trash } from './trash.js';

/**
 * Takes objects out of use, each into the batch of its window. If interrupted, the next collection adopts the
 * unsealed batch.
 */
export class Trasher {
  readonly #parts: LocalParts;
  readonly #trash: Trash;
  readonly #rules: SweepRules;
  readonly #now: Timestamp;
  readonly #working: Working;
  readonly #batches = new Map<TrashWindow, TrashBatch>();
  readonly #swept = new Map<ObjectId, number>();
  /** Packs that also hold other objects. */
  readonly #sources: PackMove[] = [];

  constructor(parts: LocalParts, trash: Trash, rules: SweepRules, now: Timestamp, working: Working) {
    this.#parts = parts;
    this.#trash = trash;
    this.#rules = rules;
    this.#now = now;
    this.#working = working;
  }

  get batches(): TrashBatch[] {
    return [...this.#batches.values()];
  }

  get swept(): Swept {
    const sizes = [...this.#swept.values()];
    return { objects: sizes.length, size_bytes: sizes.reduce((sum, size) => sum + size, 0) };
  }

  #isDead(id: ObjectId): boolean {
    return !this.#rules.isInUse(id);
  }

  async #batch(window: TrashWindow): Promise<TrashBatch> {
    this.#working.signal?.throwIfAborted();
    const batch = this.#batches.get(window) ?? (await this.#trash.create(window, this.#now));
    this.#batches.set(window, batch);
    return batch;
  }

  async #dirOf(window: TrashWindow): Promise<string> {
    return this.#parts.layout.trashBatch((await this.#batch(window)).name);
  }

  async trashFile(id: ObjectId, size: number): Promise<void> {
    const batch = await this.#batch(this.#rules.windowOf(id));
    if (await this.#trash.take(batch, id, size)) this.#swept.set(id, size);
  }

  /** Renames a pack whose objects are all out of use and of one window; leaves any other to `splitPacks`. */
  async trashPack(pack: WholePack): Promise<void> {
    const dead = [...pack.index.entries()].filter((e) => !this.#rules.isInUse(e.id));
    const windows = new Set(dead.map((e) => this.#rules.windowOf(e.id)));
    const [window] = windows;
    if (window !== undefined && windows.size === 1 && dead.length === pack.index.length) {
      await pack.close();
      if (await this.#trash.takePack(await this.#batch(window), pack.name)) this.#note(dead);
      return;
    }
    const { layout } = this.#parts;
    // When most of the pack goes, the pack itself is moved and the rest copied: a nearly full disk has no room for
    // both.
    const bytes = dead.reduce((sum, e) => sum + e.size, 0);
    if (windows.size === 1 && 2 * bytes >= pack.index.plainBytes) {
      const to = ({ id }: PackEntry) => (this.#isDead(id) ? undefined : layout.packs);
      const movesTo = layout.trashedPack((await this.#batch(window!)).name, pack.name);
      this.#sources.push({ pack, to, after: { movesTo } });
      return;
    }
    const dirs = new Map<TrashWindow, string>();
    for (const w of windows) dirs.set(w, await this.#dirOf(w));
    const to = ({ id }: PackEntry) => (this.#isDead(id) ? dirs.get(this.#rules.windowOf(id)) : layout.packs);
    this.#sources.push({ pack, to });
  }

  #note(entries: Iterable<PackEntry>): void {
    for (const { id, size } of entries) this.#swept.set(id, size);
  }

  /** What leaves an older batch moves to a new one of its window. */
  async moveFromOlder(batch: TrashBatch): Promise<void> {
    const rules = this.#rules;
    const leaves = (id: ObjectId) => rules.leaves(id, batch);
    for (const id of await this.#trash.files(batch)) {
      if (leaves(id)) await this.#trash.move(batch, await this.#batch(rules.windowOf(id)), id);
    }
    for (const pack of await this.#trash.packs(batch)) {
      const leaving = [...pack.index.entries()].filter((e) => leaves(e.id));
      const windows = new Set(leaving.map((e) => rules.windowOf(e.id)));
      const [window] = windows;
      if (window === undefined) continue;
      // Needs no space, unlike a copy.
      const isWhole = windows.size === 1 && leaving.length === pack.index.length;
      if (isWhole && (await this.#trash.movePack(pack, await this.#batch(window)))) continue;
      const dirs = new Map<TrashWindow, string>();
      for (const w of windows) dirs.set(w, await this.#dirOf(w));
      const home = this.#parts.layout.trashBatch(batch.name);
      const to = ({ id }: PackEntry) => (leaves(id) ? dirs.get(rules.windowOf(id)) : home);
      this.#sources.push({ pack, to });
    }
  }

  /** Splits the packs that also hold other objects. Returns why any were left unchanged. */
  async splitPacks(): Promise<string[]> {
    if (this.#sources.length === 0) return [];
    const { staging, signal } = this.#working;
    const repack = new Repack(this.#parts, await staging());
    try {
      await repack.run(this.#sources, signal);
    } catch (e) {
      // On a full disk the rest waits; everything that needs no space is done.
      if (!isErrno(e, 'ENOSPC', 'EDQUOT')) throw e;
      return ['there is no space to rewrite packs, so unused objects in them stay'];
    }
    const { packs } = this.#parts.layout;
    for (const { pack } of this.#sources) {
      if (!pack.path.startsWith(packs) || repack.damaged.includes(pack)) continue;
      this.#note([...pack.index.entries()].filter((e) => !this.#rules.isInUse(e.id)));
    }
    return repack.damaged.map((p) => `pack ${p.name} cannot be read to the end`);
  }
}
