import type { ObjectId } from '../../core/objects/ids.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import { Pack } from '../../store/objects/packs.js';
import type { Store } from '../../store/store.js';
import type { Finding } from './finding.js';

/** An object as it lies there, not yet read. */
export interface PlacedObject {
  readonly id: ObjectId;
  /** Absolute. */
  readonly path: string;
  readonly size: number;
  /** The batch of the trash that it is in. */
  readonly batch?: string;
  /** Where it is in the pack at `path`. */
  readonly pack?: Pack;
  readonly offset?: number;
}

/** A pack whose index is whole, undefined when it has gone; else what is wrong with it. `name` is without the ending. */
export async function wholePack(
  store: Store,
  name: ObjectId,
  path: string,
): Promise<Pack | Finding | undefined> {
  try {
    const pack = await Pack.open(store.disk, name, path);
    await pack.close();
    pack.index.verify(name);
    return pack;
  } catch (e) {
    // Taken apart meanwhile.
    if (isErrno(e, 'ENOENT')) return undefined;
    if (!isHsError(e, 'INTEGRITY') && !isErrno(e, 'EIO', 'EACCES', 'EPERM')) throw e;
    const subject = path.slice(store.root.length + 1);
    return {
      severity: 'damage',
      subject,
      message: `${subject}: ${e.message}`,
      hint: 'restore this file from a copy of the store',
    };
  }
}
