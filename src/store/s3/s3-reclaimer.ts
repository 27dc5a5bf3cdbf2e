import type { Random } from '../../core/effects.js';
import type { ObjectId, Timestamp } from '../../core/objects/ids.js';
import { parallel } from '../../core/parallel.js';
import { timeOfBatch } from '../collector/batch-time.js';
import type {
  Erasure,
  GoesWith,
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
import { packKey, parseContentKey } from './keys.js';
import type { RemotePack } from './remote-contents.js';
import type { S3Parts } from './s3-parts.js';
import type { TrashedObject } from './s3-trash.js';
import { packAgain, upload } from './upload.js';

/** Objects of one record in the trash, which is read whole: some 250 bytes each. */
const MOST_OF_BATCH = 100_000;

/**
 * Out of use is a record on the service; gone for good is what the ledger has condemned. What a writer that read no
 * condemnation puts at a condemned key is removed by the next collection.
 */
export class S3Reclaimer implements Reclaimer {
  readonly #parts: S3Parts;
  readonly #random: Random;

  constructor(parts: S3Parts, random: Random) {
    this.#parts = parts;
    this.#random = random;
  }

  async batches(): Promise<TrashBatch[]> {
    this.#parts.trash.forget();
    const found = [...(await this.#parts.trash.batches()).values()];
    return found.map(({ objects: _, ...batch }) => batch).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async contents({ name }: TrashBatch): Promise<readonly ObjectId[]> {
    this.#parts.trash.forget();
    return ((await this.#parts.trash.get(name))?.objects ?? []).map(({ id }) => id);
  }

  async moveToTrash(
    unused: readonly UnusedObjects[],
    rules: SweepRules,
    older: readonly TrashBatch[],
    now: Timestamp,
    { signal, progress }: Working,
  ): Promise<TakenOut> {
    const { trash, fetcher } = this.#parts;
    await this.#removeCondemned();
    const contents = await fetcher.contents();
    const into = new Map<TrashWindow, Map<ObjectId, TrashedObject>>();
    const add = (object: TrashedObject) => {
      const window = rules.windowOf(object.id);
      const objects = into.get(window) ?? new Map<ObjectId, TrashedObject>();
      into.set(window, objects.set(object.id, object));
    };
    progress.start('moving to the trash', undefined, 'objects');
    const swept = new Map<ObjectId, number>();
    for (const id of unused.flatMap(({ ids }) => ids)) {
      signal?.throwIfAborted();
      const size = contents.sizeOf(id);
      if (size === undefined) continue;
      progress.advance(1);
      add({ id, size, keys: contents.keysOf(id) });
      swept.set(id, size);
    }
    const left: (() => Promise<unknown>)[] = [];
    for (const batch of older) {
      const file = await trash.get(batch.name);
      const moved = new Set((file?.objects ?? []).filter(({ id }) => rules.leaves(id, batch)));
      if (moved.size === 0) continue;
      for (const object of moved) add(object);
      left.push(() => trash.put({ ...file!, objects: file!.objects.filter((object) => !moved.has(object)) }));
    }
    const batches: TrashBatch[] = [];
    for (const [window, objects] of into) {
      const sorted = [...objects.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
      for (let first = 0; first < sorted.length; first += MOST_OF_BATCH) {
        const name = `${timeOfBatch(now)}-${this.#random.hex(6)}-${window}`;
        await trash.put({ name, window, objects: sorted.slice(first, first + MOST_OF_BATCH) });
        batches.push({ name, window });
      }
    }
    for (const leave of left) await leave();
    const sizes = [...swept.values()];
    return {
      batches,
      swept: { objects: sizes.length, size_bytes: sizes.reduce((sum, size) => sum + size, 0) },
      left: [],
    };
  }

  /** What was condemned and is listed: a removal was cut short, or a late PUT brought it back. */
  async #removeCondemned(): Promise<void> {
    const { client, fetcher, condemned } = this.#parts;
    const contents = await fetcher.contents();
    const keys = [...contents.objects.values(), ...contents.packs.map((pack) => pack.copies)]
      .flat()
      .map(({ key }) => key);
    const gone: string[] = [];
    for (const key of keys) if (await condemned.has(key)) gone.push(key);
    if (gone.length === 0) return;
    await parallel(gone, (key) => client.delete(key));
    fetcher.forget();
  }

  async seal({ name, window }: TrashBatch, seal: TrashSeal): Promise<TrashBatch> {
    const { trash } = this.#parts;
    const batch = await trash.get(name);
    if (batch !== undefined) await trash.put({ ...batch, seal });
    return { name, window, seal };
  }

  async rescue({ name }: TrashBatch, isInUse: (id: ObjectId) => boolean): Promise<number> {
    const { trash } = this.#parts;
    const back = ((await trash.get(name))?.objects ?? []).filter(({ id }) => isInUse(id));
    return back.length === 0 ? 0 : trash.takeBack(new Set(back.map(({ id }) => id)), name);
  }

  async toCondemn(
    batches: readonly TrashBatch[],
    goes: (isThere: (id: ObjectId) => boolean) => Promise<GoesWith>,
    { staging }: Working,
  ): Promise<readonly string[]> {
    const { trash, fetcher, condemned } = this.#parts;
    const files = await Promise.all(batches.map(({ name }) => trash.get(name)));
    if (files.every((file) => (file?.objects ?? []).length === 0)) return [];
    fetcher.forget();
    const contents = await fetcher.contents();
    const there = contents.ids();
    const isGone = await goes((id) => there.has(id));
    const gone = new Set<ObjectId>();
    for (const file of files) for (const { id } of file?.objects ?? []) if (isGone(id, file!)) gone.add(id);
    const keys: string[] = [];
    for (const id of gone) for (const { key } of contents.objects.get(id) ?? []) keys.push(key);
    for (const pack of contents.packs) {
      const stay: ObjectId[] = [];
      let goes = false;
      for (const { id } of pack.index.entries()) {
        if (gone.has(id)) goes = true;
        else stay.push(id);
      }
      if (!goes) continue;
      const open: string[] = [];
      for (const { key } of pack.copies) if (!(await condemned.has(key))) open.push(key);
      if (open.length > 0 && stay.length > 0) await this.#moveOut(pack, stay, await staging());
      keys.push(...open);
    }
    const still: string[] = [];
    for (const key of keys) if (!(await condemned.has(key))) still.push(key);
    return still;
  }

  /** Brings objects of a pack into the mirror, also in the place of copies that were damaged there. */
  async #bring({ name, copies }: RemotePack, ids: readonly ObjectId[]): Promise<void> {
    const { client, mirror } = this.#parts;
    let isFetched = false;
    for (const id of ids) {
      while (!(await mirror.isSound(id))) {
        const here = await mirror.fileOf(id);
        // What was fetched and is damaged is damaged on the service.
        const isFinal = isFetched && (here === undefined || here.pack === name);
        if (isFinal) break;
        if (here !== undefined) await mirror.dropObject(id);
        else {
          isFetched = true;
          const bytes = await client.get(copies[0]!.key);
          if (bytes !== undefined) await mirror.keep(mirror.layout.pack(name), bytes);
          await mirror.local.objects.refresh();
        }
      }
    }
  }

  /** Copies what stays of a pack, before the pack is condemned. */
  async #moveOut(pack: RemotePack, stay: readonly ObjectId[], lease: string): Promise<void> {
    const { client, mirror, condemned } = this.#parts;
    await this.#bring(pack, stay);
    for (const again of (await packAgain(mirror, lease, stay)).keys()) {
      await upload(client, mirror, packKey(again, condemned.epoch), mirror.layout.pack(again));
    }
  }

  /** As of a new listing. */
  async onlyCondemned(ids: Iterable<ObjectId>): Promise<ReadonlySet<ObjectId>> {
    const { fetcher, condemned } = this.#parts;
    fetcher.forget();
    const contents = await fetcher.contents();
    const open = await condemned.open(contents);
    const isOnly = (id: ObjectId) => contents.sizeOf(id) !== undefined && open.sizeOf(id) === undefined;
    return new Set([...ids].filter(isOnly));
  }

  newestCondemnation(): number {
    return this.#parts.condemned.epoch;
  }

  async erase(
    batch: TrashBatch,
    { isInUse, isLast, counted, broughtBack }: Erasure,
    _working: Working,
  ): Promise<PurgeNote> {
    const { trash, fetcher, condemned } = this.#parts;
    const file = await trash.get(batch.name);
    fetcher.forget();
    const contents = await fetcher.contents();
    const goes: TrashedObject[] = [];
    const keys = { first: new Set<string>(), last: new Set<string>() };
    for (const object of file?.objects ?? []) {
      const open: string[] = [];
      for (const key of contents.keysOf(object.id)) {
        if (await condemned.has(key)) keys[isLast(object.id) ? 'last' : 'first'].add(key);
        else open.push(key);
      }
      if (open.length === 0 && !isInUse(object.id)) goes.push(object);
    }
    const isNew = goes.filter(({ id }) => !counted.has(id));
    for (const { id } of goes) counted.add(id);
    const note = batch.purge ?? {
      objects: isNew.length,
      size_bytes: isNew.reduce((sum, { size }) => sum + size, 0),
      brought_back: broughtBack,
    };
    if (file !== undefined) await trash.put({ ...file, purge: note });
    await this.#delete(keys.first);
    await this.#delete(keys.last);
    fetcher.forget();
    // What is not condemned has a key that is new, or an undo window that this batch is too old for: to the next
    // collection it is as if it had never been out of use.
    if (file !== undefined) await trash.put({ ...file, purge: note, objects: [] });
    return note;
  }

  async #delete(keys: ReadonlySet<string>): Promise<void> {
    const { client, mirror } = this.#parts;
    await parallel(keys, (key) => client.delete(key));
    // A command here may be about to upload it again: the end of one that is alone removes it.
    if ((await mirror.local.leases.list()).length > 0) return;
    await parallel(keys, async (key) => {
      const content = parseContentKey(key);
      if (content === undefined) return;
      const { kind, name } = content;
      await mirror.drop(kind === 'object' ? mirror.layout.object(name) : mirror.layout.pack(name));
    });
    await mirror.local.objects.refresh();
  }

  async drop({ name }: TrashBatch): Promise<readonly string[]> {
    const batch = await this.#parts.trash.get(name);
    if (batch?.objects.length === 0) await this.#parts.trash.remove(name);
    return [];
  }

  /** Packs are not merged: each is named by entries of the ledger. */
  async needsConsolidation(): Promise<boolean> {
    return false;
  }
  async consolidate(): Promise<void> {}

  /** Entries of the ledger name their packs, and only a collection may condemn one. */
  readonly keepsCopies = true;

  /** Good bytes were put in the place of damaged ones; in the mirror a damaged pack may still have the others. */
  async dropCopies(id: ObjectId, lease: string): Promise<boolean> {
    return this.#parts.mirror.local.reclaimer.dropCopies(id, lease);
  }
}
