import * as z from 'zod/mini';
import type { Random } from '../../../core/effects.js';
import { canonicalBytes, parseCanonical } from '../../../core/json/canonical.js';
import { check, natural, timestamp } from '../../../core/json/schema.js';
import { isObjectId, type ObjectId, type Timestamp } from '../../../core/objects/ids.js';
import { HsError, isErrno, isHsError } from '../../../errors/hs-error.js';
import type { Disk } from '../../../fsx/disk.js';
import { timeOfBatch } from '../../collector/batch-time.js';
import type { PurgeNote, TrashBatch, TrashSeal, TrashWindow } from '../../port/reclaimer.js';
import type { Layout } from '../layout.js';
import { moveObject } from '../objects/move-object.js';
import type { WholePack } from '../objects/pack.js';
import { Packs } from '../objects/packs.js';

const NAME = /^(\d{17})-[0-9a-f]{12}-(zero|kept)$/;
const SEAL = 'seal.json';
const PURGE = 'purge.json';
/** Names in a batch that are not objects. */
export const TRASH_RECORDS: readonly string[] = [SEAL, PURGE, `${SEAL}.tmp`, `${PURGE}.tmp`];
const MAX_RECORD_BYTES = 64 * 1024 * 1024;

const sealSchema = z.strictObject({
  schema: z.literal('hs.trash-seal/1'),
  sealed_at: timestamp,
  leases: z.array(z.string().check(z.regex(/^[0-9a-f]{24}$/, 'not a lease'))),
});

const purgeSchema = z.strictObject({
  schema: z.literal('hs.trash-purge/1'),
  objects: natural,
  size_bytes: natural,
  brought_back: natural,
});

interface Records {
  readonly [SEAL]: z.output<typeof sealSchema>;
  readonly [PURGE]: z.output<typeof purgeSchema>;
}
type AnyRecord = Records[keyof Records];
const RECORD_SCHEMAS = { [SEAL]: sealSchema, [PURGE]: purgeSchema } as const;

export function isTrashBatch(name: string): boolean {
  return NAME.test(name);
}

/** Objects out of use, in batches, until they are purged (`man hsstore-format`). */
export class Trash {
  readonly #disk: Disk;
  readonly #layout: Layout;
  readonly #random: Random;
  /** Sizes of objects that this process moved here. */
  readonly #sizes = new Map<ObjectId, number>();

  constructor(disk: Disk, layout: Layout, random: Random) {
    this.#disk = disk;
    this.#layout = layout;
    this.#random = random;
  }

  /** Oldest first. */
  async list(): Promise<TrashBatch[]> {
    const names = (await this.#disk.readdir(this.#layout.trash))
      .filter((e) => e.kind === 'directory')
      .map((e) => e.name)
      .filter((name) => name !== undefined)
      .filter((name) => NAME.test(name))
      .sort();
    const batches: TrashBatch[] = [];
    for (const name of names) {
      const seal = await this.#record(name, SEAL);
      const purge = await this.#record(name, PURGE);
      batches.push({
        name,
        window: NAME.exec(name)![2] as TrashWindow,
        ...(seal === undefined ? {} : { seal }),
        ...(purge === undefined ? {} : { purge }),
      });
    }
    return batches;
  }

  /** Creates a batch, durable before anything is moved into it. */
  async create(window: TrashWindow, now: Timestamp): Promise<TrashBatch> {
    const name = `${now.replace(/\D/g, '')}-${this.#random.hex(6)}-${window}`;
    await this.#disk.mkdir(this.#layout.trashBatch(name), 0o700);
    await this.#disk.syncDir(this.#layout.trash);
    return { name, window };
  }

  /** The objects in a batch; none when a collector removed it since it was listed. */
  async contents(batch: TrashBatch): Promise<ObjectId[]> {
    const ids = new Set(await this.files(batch));
    for (const { index } of await this.packs(batch)) for (const { id } of index.entries()) ids.add(id);
    return [...ids].sort();
  }

  /** The objects that are files. */
  async files(batch: TrashBatch): Promise<ObjectId[]> {
    const dir = this.#layout.trashBatch(batch.name);
    const entries = await this.#unlessGone(() => this.#disk.readdir(dir));
    return (entries ?? [])
      .map((e) => e.name)
      .filter((name) => name !== undefined)
      .filter(isObjectId)
      .sort();
  }

  /** The packs that can be opened. */
  async packs(batch: TrashBatch): Promise<WholePack[]> {
    return (await this.#look(batch)).packs;
  }

  /** Names of the packs that cannot be opened. */
  async unreadable(batch: TrashBatch): Promise<readonly ObjectId[]> {
    return (await this.#look(batch)).unreadable;
  }

  async #look(batch: TrashBatch): Promise<{ packs: WholePack[]; unreadable: readonly ObjectId[] }> {
    const known = new Packs(this.#disk, this.#layout.trashBatch(batch.name));
    const packs = await known.all();
    await known.close();
    return { packs, unreadable: known.unreadable };
  }

  /** Size of a file in bytes, or undefined: it was brought back meanwhile. */
  async size(batch: TrashBatch, id: ObjectId): Promise<number | undefined> {
    const known = this.#sizes.get(id);
    if (known !== undefined) return known;
    return this.#unlessGone(async () => (await this.#disk.lstat(this.#layout.trashed(batch.name, id))).size);
  }

  /** Takes an object of that size out of use. False: it was already gone. */
  async take(batch: TrashBatch, id: ObjectId, size: number): Promise<boolean> {
    this.#sizes.set(id, size);
    return this.#moved(this.#layout.object(id), this.#layout.trashed(batch.name, id));
  }

  /** Takes a whole pack out of use. False: it was already gone. */
  async takePack(batch: TrashBatch, name: ObjectId): Promise<boolean> {
    return this.#moved(this.#layout.pack(name), this.#layout.trashedPack(batch.name, name));
  }

  /** False: another command was first, or it was purged, or it is damaged and another copy is in use. */
  async bringBack(batch: TrashBatch, id: ObjectId): Promise<boolean> {
    return this.#placed(id, this.#layout.trashed(batch.name, id), this.#layout.object(id));
  }

  /** Moves a file to another batch. False: it was brought back meanwhile, or that has one that is not damaged. */
  async move(from: TrashBatch, to: TrashBatch, id: ObjectId): Promise<boolean> {
    const [path, target] = [this.#layout.trashed(from.name, id), this.#layout.trashed(to.name, id)];
    // Only a collector puts files there, and there is one.
    const isFree = (await this.#disk.find(target)) === undefined;
    return isFree ? this.#moved(path, target) : this.#placed(id, path, target);
  }

  /** Moves a whole pack to another batch. False: that has one of its name, whose bytes may be better. */
  async movePack({ name, path }: WholePack, to: TrashBatch): Promise<boolean> {
    const target = this.#layout.trashedPack(to.name, name);
    if ((await this.#disk.find(target)) !== undefined) return false;
    return this.#moved(path, target);
  }

  /** Deletes the bytes. */
  async unlink(batch: TrashBatch, id: ObjectId): Promise<void> {
    await this.#unlessGone(() => this.#disk.unlink(this.#layout.trashed(batch.name, id)));
  }

  async unlinkPack(pack: WholePack): Promise<void> {
    await this.#unlessGone(() => this.#disk.unlink(pack.path));
  }

  async seal(batch: TrashBatch, { sealed_at, leases }: TrashSeal): Promise<TrashBatch> {
    const seal = { schema: 'hs.trash-seal/1' as const, sealed_at, leases: [...leases] };
    await this.#writeRecord(batch, SEAL, seal);
    return { ...batch, seal };
  }

  /** Records what a purge is about to do, unless an interrupted one already did. */
  async notePurge(batch: TrashBatch, note: PurgeNote): Promise<PurgeNote> {
    if (batch.purge !== undefined) return batch.purge;
    await this.#writeRecord(batch, PURGE, { schema: 'hs.trash-purge/1', ...note });
    return note;
  }

  /** Removes an empty batch. */
  async drop(batch: TrashBatch): Promise<void> {
    const dir = this.#layout.trashBatch(batch.name);
    for (const name of TRASH_RECORDS) {
      await this.#unlessGone(() => this.#disk.unlink(`${dir}/${name}`));
    }
    try {
      await this.#disk.rmdir(dir);
    } catch (e) {
      // Something that is not part of a batch is in it; fsck reports it.
      if (!isErrno(e, 'ENOTEMPTY', 'EEXIST')) throw e;
    }
  }

  async sync(batch: TrashBatch): Promise<void> {
    await this.#disk.syncDir(this.#layout.trashBatch(batch.name));
  }

  async #moved(from: string, to: string): Promise<boolean> {
    const moved = await this.#unlessGone(async () => {
      await this.#disk.rename(from, to);
      return true;
    });
    return moved ?? false;
  }

  async #placed(id: ObjectId, from: string, to: string): Promise<boolean> {
    return (await this.#unlessGone(() => moveObject(this.#disk, id, from, to))) ?? false;
  }

  async #unlessGone<T>(run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (e) {
      if (!isErrno(e, 'ENOENT')) throw e;
      return undefined;
    }
  }

  /** A torn record counts as not written, and the step that writes it is repeated. */
  async #record<N extends keyof Records>(batch: string, name: N): Promise<Records[N] | undefined> {
    try {
      return await this.#readRecord(batch, name);
    } catch (e) {
      if (isErrno(e, 'ENOENT') || isHsError(e, 'INVALID_RECORD')) return undefined;
      throw e;
    }
  }

  /** What is wrong with a record of a batch; undefined: nothing, or it is missing. */
  async problemOf(batch: string, name: string): Promise<string | undefined> {
    if (name !== SEAL && name !== PURGE) return undefined;
    try {
      await this.#readRecord(batch, name);
      return undefined;
    } catch (e) {
      if (isErrno(e, 'ENOENT')) return undefined;
      if (isHsError(e, 'INVALID_RECORD', 'INTEGRITY')) return e.message;
      throw e;
    }
  }

  async #readRecord<N extends keyof Records>(batch: string, name: N): Promise<Records[N]> {
    const path = `${this.#layout.trashBatch(batch)}/${name}`;
    const value = parseCanonical(await this.#disk.readFile(path, MAX_RECORD_BYTES), MAX_RECORD_BYTES);
    const record = check<z.ZodMiniType<AnyRecord>>(RECORD_SCHEMAS[name], value, 'INVALID_RECORD', name);
    // A flipped byte in a time could end the window before it began.
    if ('sealed_at' in record && timeOfBatch(record.sealed_at) < timeOfBatch(batch)) {
      throw new HsError('INVALID_RECORD', `${name} is not valid: sealed_at is before the batch was made`);
    }
    return record as Records[N];
  }

  /** Writes beside the target and renames, inside the batch: a crash leaves nothing elsewhere. */
  async #writeRecord(batch: TrashBatch, name: string, record: AnyRecord): Promise<void> {
    const dir = this.#layout.trashBatch(batch.name);
    const tmp = `${dir}/${name}.tmp`;
    await this.#unlessGone(() => this.#disk.unlink(tmp));
    await this.#disk.writeFile(tmp, canonicalBytes(record), { mode: 0o600, sync: true });
    await this.#disk.rename(tmp, `${dir}/${name}`);
    await this.#disk.syncDir(dir);
  }
}
