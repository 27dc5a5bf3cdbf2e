import type { ObjectId } from '../../../core/objects/ids.js';
import { isDamage, type ObjectStore } from '../../objects/object-store.js';
import type { LocalParts } from '../local-parts.js';
import { AbsentObjects } from './absent-objects.js';
import type { ObjectFiles } from './object-files.js';

/** Which objects a store has already, for one batch, as of when it first asked. */
export class ObjectPresence {
  readonly #files: ObjectFiles;
  readonly #objects: ObjectStore;
  readonly #absent: AbsentObjects;
  #isFresh = false;
  /** What lay in the trash as files when that was first asked. */
  #trashed: ReadonlySet<ObjectId> | undefined;

  constructor({ disk, layout, files, objects }: LocalParts) {
    this.#files = files;
    this.#objects = objects;
    this.#absent = new AbsentObjects(disk, layout);
  }

  /** Whether listings tell already that it is nowhere: a tree of new files would wait for nothing at each. */
  isKnownAbsent(id: ObjectId): boolean {
    const { packs } = this.#files;
    return this.#absent.knows(id) && this.#trashed?.has(id) === false && packs?.lacks(id) !== false;
  }

  /** Whether it is in use, or was brought back from the trash just now. `asFile`: with a file of its own. */
  async isThere(id: ObjectId, asFile: boolean): Promise<boolean> {
    // What this process knew of packs before it had this lease may be purged since.
    if (!this.#isFresh) await this.#files.packs?.refresh();
    this.#isFresh = true;
    return (await this.#isInUse(id, asFile)) || (!asFile && (await this.#isBackFromTrash(id)));
  }

  /** Whether it reads as its name says. Bytes that are at hand are compared, which costs less than to hash. */
  async readsBack(id: ObjectId, bytes: Uint8Array | undefined): Promise<boolean> {
    if (bytes === undefined) return this.#objects.isSound(id);
    try {
      const found = await this.#objects.lendUnverified(id, bytes.byteLength);
      return Buffer.compare(found, bytes) === 0;
    } catch (e) {
      if (!isDamage(e)) throw e;
      return false;
    }
  }

  async #isInUse(id: ObjectId, asFile: boolean): Promise<boolean> {
    const packs = asFile ? undefined : this.#files.packs;
    if (packs?.findAgain(id) !== undefined) return true;
    const isAbsent = await this.#absent.includes(id);
    if (!isAbsent && (await this.#files.sizeOfFile(id)) !== undefined) return true;
    return (await packs?.find(id)) !== undefined;
  }

  /** What reaches the trash later, or lies there in a pack, is written anew, which is as good. */
  async #isBackFromTrash(id: ObjectId): Promise<boolean> {
    this.#trashed ??= await this.#files.trashedFiles();
    if (!this.#trashed.has(id)) return false;
    return (await this.#files.bringBack(id))?.dir !== undefined;
  }
}
