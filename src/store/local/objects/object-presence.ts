import type { ObjectId } from '../../../core/objects/ids.js';
import { isErrno } from '../../../errors/hs-error.js';
import { isDamage, type ObjectStore } from '../../objects/object-store.js';
import type { LocalParts } from '../local-parts.js';
import { AbsentObjects } from './absent-objects.js';
import type { ObjectFiles } from './object-files.js';

/** Which objects the store already has, for one batch, as of its first lookup. */
export class ObjectPresence {
  readonly #files: ObjectFiles;
  readonly #objects: ObjectStore;
  readonly #absent: AbsentObjects;
  #isFresh = false;
  /** Files in the trash as of the first lookup. */
  #trashed: ReadonlySet<ObjectId> | undefined;

  constructor({ disk, layout, files, objects }: LocalParts) {
    this.#files = files;
    this.#objects = objects;
    this.#absent = new AbsentObjects(disk, layout);
  }

  /** Whether listings already show that the object is missing, so that a tree of new files needs no lookup each. */
  isKnownAbsent(id: ObjectId): boolean {
    const { packs } = this.#files;
    return this.#absent.knows(id) && this.#trashed?.has(id) === false && packs?.mayLack(id) !== false;
  }

  /**
   * Whether the object is in use, or was just brought back from the trash; `damaged` is told if it could not be.
   * `verified`: its bytes were just read. `asFile`: as a file of its own.
   */
  async isThere(
    id: ObjectId,
    asFile: boolean,
    damaged: () => void,
  ): Promise<'unread' | 'verified' | undefined> {
    // Packs known before this lease was taken may have been purged since.
    if (!this.#isFresh) await this.#files.packs?.refresh();
    this.#isFresh = true;
    if (await this.#isInUse(id, asFile)) return 'unread';
    return asFile ? undefined : this.#backFromTrash(id, damaged);
  }

  /** Whether the stored object is sound. With the bytes in memory, compares them, which is cheaper than hashing. */
  async readsBack(id: ObjectId, bytes: Uint8Array | undefined): Promise<boolean> {
    try {
      if (bytes === undefined) return await this.#objects.isSound(id);
      const found = await this.#objects.lendUnverified(id, bytes.byteLength);
      return Buffer.compare(found, bytes) === 0;
    } catch (e) {
      // What this user may not read is written anew.
      if (!isDamage(e) && !isErrno(e, 'EACCES', 'EPERM')) throw e;
      return false;
    }
  }

  async #isInUse(id: ObjectId, asFile: boolean): Promise<boolean> {
    const packs = asFile ? undefined : this.#files.packs;
    if (packs?.findAgain(id) !== undefined) return true;
    const isAbsent = await this.#absent.includes(id);
    if (!isAbsent && (await this.#files.sizeOfFile(id)) !== undefined) return true;
    return (await packs?.findQuickly(id)) !== undefined;
  }

  /** An object that is moved to the trash later, or is in a pack there, is simply written again. */
  async #backFromTrash(id: ObjectId, damaged: () => void): Promise<'unread' | 'verified' | undefined> {
    this.#trashed ??= await this.#files.trashedFiles();
    if (!this.#trashed.has(id)) return undefined;
    const found = await this.#files.bringBack(id, damaged);
    if (found?.dir === undefined) return undefined;
    return found.moved ? 'verified' : 'unread';
  }
}
