import { isObjectId, type ObjectId } from '../../core/objects/ids.js';
import { STORE_DIR } from '../../core/paths/store-dir.js';
import { escapeText } from '../../core/text/escape-control.js';
import { isErrno } from '../../errors/hs-error.js';
import type { ObjectFile } from '../../store/port/object-source.js';
import { hashFile } from '../payload/hash-file.js';
import type { Session } from '../session/session.js';
import { lacksCapability } from '../session/transaction.js';

/** An intact copy of an object: its bytes were hashed, and are again when they are stored. */
export interface FoundCopy {
  /** For display. */
  readonly name: string;
  open(): Promise<ObjectFile>;
}

/** Where a repair finds bytes that the store lacks. */
export interface RepairSource {
  /** Those of these objects that it has. */
  find(wanted: ReadonlySet<ObjectId>): Promise<ReadonlyMap<ObjectId, FoundCopy>>;
  /** The open store that it is; undefined: files. */
  readonly session?: Session;
}

/**
 * Another store. REFUSED unless the actor may repair it too: bytes leave it that its guard does not see, though only
 * such as this store has had.
 */
export async function storeSource(other: Session): Promise<RepairSource> {
  const authority = { capability: 'integrity.repair', subjects: [] } as const;
  if (!(await other.isAllowed(await other.catalog(), authority.capability))) {
    throw lacksCapability(other.actor, authority);
  }
  const { objects } = other.store;
  const name = escapeText(other.address);
  return {
    session: other,
    async find(wanted) {
      const found = new Map<ObjectId, FoundCopy>();
      for (const id of wanted) {
        other.signal.throwIfAborted();
        const isThere = (await objects.size(id)) !== undefined && (await objects.isSound(id));
        if (isThere) found.set(id, { name, open: () => objects.open(id) });
      }
      return found;
    },
  };
}

/** The files below a directory, whatever they are called; links and stores are not entered. */
export function treeSource(session: Session, root: string): RepairSource {
  const { disk, signal, progress } = session;
  async function* filesIn(dir: string): AsyncGenerator<string> {
    const entries = await disk.readdir(dir).catch((e) => {
      if (dir === root || !isErrno(e)) throw e;
      session.warn(`could not look for objects in '${escapeText(dir)}': ${e.message}`);
      return [];
    });
    for (const { name, kind } of entries) {
      signal.throwIfAborted();
      if (name === undefined) continue;
      if (kind === 'file') yield `${dir}/${name}`;
      else if (kind === 'directory' && name !== STORE_DIR) yield* filesIn(`${dir}/${name}`);
    }
  }
  return {
    async find(wanted) {
      const found = new Map<ObjectId, FoundCopy>();
      progress.start('looking for objects', undefined, 'bytes');
      for await (const path of filesIn(root)) {
        if (found.size === wanted.size) break;
        const name = path.slice(path.lastIndexOf('/') + 1);
        // A copy of an object under its own name.
        if (isObjectId(name) && !wanted.has(name)) continue;
        try {
          const { hash } = await hashFile(disk, path, progress);
          if (!wanted.has(hash)) continue;
          found.set(hash, { name: escapeText(path), open: () => disk.open(path, { access: 'read' }) });
        } catch (e) {
          if (!isErrno(e, 'ENOENT', 'EACCES', 'EPERM', 'EIO', 'EINVAL', 'ELOOP')) throw e;
        }
      }
      progress.done();
      return found;
    },
  };
}
