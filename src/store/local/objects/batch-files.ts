import { createSha256, sha256 } from '../../../core/objects/hash.js';
import type { ObjectId } from '../../../core/objects/ids.js';
import { parallel } from '../../../core/parallel.js';
import { HsError, isErrno } from '../../../errors/hs-error.js';
import type { Disk } from '../../../fsx/disk.js';
import { corrupt, type ObjectStore } from '../../objects/object-store.js';
import {
  type Added,
  type AddOptions,
  BY_NAME,
  type ByteSource,
  type ObjectBatch,
  type Published,
} from '../../port/object-batch.js';
import type { Layout } from '../layout.js';
import type { LocalParts } from '../local-parts.js';
import { copySource } from './copy-source.js';
import type { ObjectFiles } from './object-files.js';
import { ObjectPresence } from './object-presence.js';
import { onlyTrashed } from './only-trashed.js';
import type { PackWriter, StagedPack } from './pack-writer.js';
import { SYNCFS_FROM, syncStaged } from './sync-staged.js';

/** From this many objects on, one look around is cheaper than a lookup of each. */
const MANY = 256;

const IN_PACK = Symbol('in a pack');

interface Member {
  readonly size: number;
  /** The staged file, or that the object is going into a pack; undefined once published. */
  staged?: string | typeof IN_PACK | undefined;
  /** Whether the directory of the object was synced since the object was found or placed there. */
  durable: boolean;
  /** The directory of a published object. */
  dir?: string | undefined;
}

/** Objects being written to disk: staged in tmp/, then made durable together and renamed into place. */
export class BatchFiles implements ObjectBatch {
  readonly #parts: LocalParts;
  readonly #disk: Disk;
  readonly #layout: Layout;
  readonly #files: ObjectFiles;
  readonly #objects: ObjectStore;
  readonly #presence: ObjectPresence;
  readonly lease: string;
  readonly #members = new Map<ObjectId, Member>();
  /** Small objects going into packs; the last one is still being filled. */
  readonly #packs: PackWriter[] = [];
  /** Told of each pack that is complete while the next one is filled; its file has another path once published. */
  readonly #onPack: (pack: StagedPack) => void;
  /** Packs of one object each. */
  readonly #alone: PackWriter[] = [];
  /**
   * Objects already present with other bytes than those added: a file is overwritten, and an object in a pack gets a
   * file beside it.
   */
  readonly damaged = new Set<ObjectId>();
  /** Names of the packs at the last lookup of the members, and of those published since. */
  #seenPacks: Set<ObjectId> | undefined;

  constructor(parts: LocalParts, lease: string, onPack: (pack: StagedPack) => void = () => undefined) {
    const { disk, layout, files, objects } = parts;
    this.#parts = parts;
    this.#disk = disk;
    this.#layout = layout;
    this.#files = files;
    this.#objects = objects;
    this.#presence = new ObjectPresence(parts);
    this.lease = lease;
    this.#onPack = onPack;
  }

  async reference(id: ObjectId, size?: number): Promise<void> {
    if (!this.#members.has(id)) await this.#demand(id, size, false);
  }

  async referenceAll(ids: Iterable<ObjectId>): Promise<void> {
    const others = new Set<ObjectId>();
    for (const id of ids) if (!this.#members.has(id)) others.add(id);
    if (others.size >= MANY) {
      for await (const [id, bytes] of onlyTrashed(others, this.#parts)) await this.#stage(id, bytes, false);
    }
    for (const id of others) await this.reference(id);
  }

  distrust(id: ObjectId): void {
    this.damaged.add(id);
  }

  /** Whether the object is present and sound. Reads it: a caller that is told its bytes are stored discards its own. */
  async #isThere(id: ObjectId, size: number, asFile: boolean, bytes?: Uint8Array): Promise<boolean> {
    const member = this.#members.get(id);
    if (member !== undefined && (!asFile || typeof member.staged === 'string')) return true;
    if (this.damaged.has(id)) return false;
    const found = await this.#presence.isThere(id, asFile, () => this.damaged.add(id));
    if (found === undefined) return false;
    if (found === 'unread' && !(await this.#presence.readsBack(id, bytes))) {
      this.damaged.add(id);
      return false;
    }
    this.#members.set(id, { size, durable: false });
    return true;
  }

  /** `apart` objects are files or, if they are large and packs are compressed, in packs of their own. */
  async addBytes(
    bytes: Uint8Array,
    { apart: isRecord = false, unique = false }: AddOptions = {},
  ): Promise<Added> {
    const id = sha256(bytes);
    const size = bytes.byteLength;
    const isAlone = isRecord && this.#parts.compresses && size >= this.#parts.limits.aloneBytes;
    const apart = isRecord && !isAlone;
    const isNew = !this.#members.has(id) && (unique || this.#presence.isKnownAbsent(id));
    if (isNew || !(await this.#isThere(id, size, apart, bytes))) {
      const staging =
        isAlone && !this.damaged.has(id) ? this.#stageAlone(id, bytes) : this.#stage(id, bytes, apart);
      if (staging !== undefined) await staging;
    }
    return { id, size };
  }

  async #stageAlone(id: ObjectId, bytes: Uint8Array): Promise<void> {
    const pack = this.#parts.newPack(this.lease, this.#disk);
    this.#alone.push(pack);
    await pack.add(id, bytes);
    this.#members.set(id, { size: bytes.byteLength, staged: IN_PACK, durable: false });
  }

  async addPieces(pieces: () => Iterable<Uint8Array>): Promise<Added> {
    const whole = () => this.addBytes(Buffer.concat([...pieces()]), { apart: true });
    if (!this.#parts.compresses) return whole();
    const pack = this.#parts.newPack(this.lease, this.#disk);
    let isKept = false;
    try {
      const hash = createSha256();
      let size = 0;
      for (const piece of pieces()) {
        hash.update(piece);
        size += piece.byteLength;
        await pack.append(piece);
      }
      const id = hash.digest();
      if (size < this.#parts.limits.aloneBytes || this.damaged.has(id)) return await whole();
      const isKnownAbsent = !this.#members.has(id) && this.#presence.isKnownAbsent(id);
      if (isKnownAbsent || !(await this.#isThere(id, size, false))) {
        // It may turn out to be damaged.
        if (this.damaged.has(id)) return await whole();
        pack.end(id);
        this.#keepAlone(pack, id, size);
        isKept = true;
      }
      return { id, size };
    } finally {
      if (!isKept) await pack.discard();
    }
  }

  #keepAlone(pack: PackWriter, id: ObjectId, size: number): void {
    this.#alone.push(pack);
    this.#members.set(id, { size, staged: IN_PACK, durable: false });
  }

  /** Undefined when it completed synchronously. */
  #stage(id: ObjectId, bytes: Uint8Array, asFile: boolean): Promise<void> | undefined {
    const size = bytes.byteLength;
    const isFile = asFile || this.damaged.has(id) || size > this.#parts.limits.objectBytes;
    if (isFile || this.#files.packs === undefined) return this.#stageFile(id, bytes);
    const pack = this.#packs.at(-1);
    if (pack === undefined || pack.isFullFor(size)) {
      return this.#beginPack().then(() => this.#stage(id, bytes, asFile));
    }
    const isIn = () => {
      this.#members.set(id, { size, staged: IN_PACK, durable: false });
    };
    const adding = pack.add(id, bytes);
    if (adding !== undefined) return adding.then(isIn);
    isIn();
    return undefined;
  }

  async #stageFile(id: ObjectId, bytes: Uint8Array): Promise<void> {
    const staged = this.#parts.stagingPath(this.lease);
    await this.#disk.writeFile(staged, bytes, { mode: 0o444, sync: false });
    this.#members.set(id, { size: bytes.byteLength, staged, durable: false });
  }

  /** One pack is filled while another is made durable; a third would take more memory. */
  async #beginPack(): Promise<void> {
    await this.#packs.at(-2)?.finish();
    this.#packs
      .at(-1)
      ?.finish()
      .then(this.#onPack)
      .catch(() => undefined);
    this.#packs.push(this.#nextPack());
  }

  /** The first four are small, the next four twice as large, and so on: soon one is full, and they are few. */
  #nextPack(): PackWriter {
    const { firstBytes, mostBytes } = this.#parts.limits;
    const bytes = (firstBytes ?? mostBytes) * 2 ** Math.floor(this.#packs.length / 4);
    return this.#parts.newPack(this.lease, this.#disk, Math.min(bytes, mostBytes));
  }

  async addSource(source: ByteSource, onBytes?: (count: number) => void): Promise<Added> {
    const staged = this.#parts.stagingPath(this.lease);
    const file = await this.#disk.open(staged, { access: 'create', mode: 0o444, sparse: true });
    let kept = false;
    try {
      const added = await copySource(source, file, onBytes);
      const { id, size } = added;
      if (!(await this.#isThere(id, size, false))) {
        this.#members.set(id, { size, staged, durable: false });
        kept = true;
      }
      return added;
    } finally {
      await file.close();
      if (!kept) await this.#disk.unlink(staged);
    }
  }

  mayConsolidate = false;

  async publish(): Promise<Published> {
    await this.#lookAgain();
    const packs = await this.#finishPacks();
    const files: (readonly [ObjectId, string])[] = [];
    for (const [id, { staged }] of this.#members) if (typeof staged === 'string') files.push([id, staged]);
    if (files.length > 0) {
      await syncStaged(
        this.#disk,
        this.#layout.tmp,
        files.map(([, staged]) => staged),
      );
    }
    for (const [id, staged] of files) {
      await this.#disk.rename(staged, this.#layout.object(id));
      const dir = this.#layout.objectDir(id);
      this.#members.set(id, { size: this.#members.get(id)!.size, durable: false, dir });
    }
    for (const { path, name } of packs) {
      await this.#disk.rename(path, this.#layout.pack(name));
      this.#seenPacks?.add(name);
    }
    // One alone is not merged before there are many that are small.
    this.mayConsolidate ||= packs.length > this.#alone.length || this.#files.packs?.isIndexDue === true;
    this.#packs.length = 0;
    this.#alone.length = 0;
    const dirs = new Set(packs.length > 0 ? [this.#layout.packs] : []);
    for (const { durable, dir } of this.#members.values()) if (!durable && dir !== undefined) dirs.add(dir);
    if (dirs.size < SYNCFS_FROM || !(await this.#disk.syncFilesystem(this.#layout.objects))) {
      await parallel(dirs, (dir) => this.#disk.syncDir(dir));
    }
    for (const member of this.#members.values()) {
      if (member.staged === IN_PACK) member.dir = this.#layout.packs;
      member.durable = true;
      member.staged = undefined;
    }
    return BY_NAME;
  }

  #hasFound(): boolean {
    for (const { staged } of this.#members.values()) if (staged === undefined) return true;
    return false;
  }

  /** Members found or published earlier may have been collected meanwhile; under the lease they cannot be purged. */
  async #lookAgain(): Promise<void> {
    if (!this.#hasFound()) return;
    // After a lost race one listing shows what moved meanwhile: looking up each object of a large commit takes so
    // long that the next race is lost too.
    const packs = new Set((await this.#files.packs?.refresh()) ?? []);
    const allThere = this.#seenPacks !== undefined && [...this.#seenPacks].every((name) => packs.has(name));
    this.#seenPacks = packs;
    const trashed = await this.#files.trashedFiles();
    for (const [id, { size, staged, durable, dir }] of this.#members) {
      if (staged !== undefined) continue;
      const stays = dir === this.#layout.packs ? allThere : !trashed.has(id);
      if (durable && dir !== undefined && stays) continue;
      await this.#demand(id, size, durable);
    }
  }

  async #demand(id: ObjectId, size: number | undefined, durable: boolean): Promise<void> {
    const found = await this.#files.bringBack(id);
    if (found === undefined) {
      if ((await this.#files.size(id)) !== undefined) throw corrupt(id);
      throw new HsError('OBJECT_MISSING', `object ${id} is missing`);
    }
    // The name promises the bytes: a different size proves damage, and new bytes under this name would hide it.
    if (size !== undefined && found.size !== size) throw corrupt(id);
    if (found.dir === undefined) await this.#stage(id, await this.#objects.read(id), false);
    else this.#members.set(id, { size: found.size, durable: durable && !found.moved, dir: found.dir });
  }

  /** Objects too few for a pack are staged as files. */
  async #finishPacks(): Promise<StagedPack[]> {
    const finished: StagedPack[] = [];
    for (const pack of this.#alone) finished.push(await pack.finish());
    for (const pack of this.#packs) {
      if (pack.isPack) finished.push(await pack.finish());
      else for (const { id, bytes } of pack.held()) await this.#stage(id, bytes, true);
    }
    return finished;
  }

  async discard(): Promise<void> {
    for (const member of this.#members.values()) {
      if (typeof member.staged !== 'string') continue;
      await this.#disk.unlink(member.staged).catch((e) => {
        if (!isErrno(e)) throw e;
      });
    }
    for (const pack of [...this.#packs.splice(0), ...this.#alone.splice(0)]) await pack.discard();
    this.#members.clear();
  }
}
