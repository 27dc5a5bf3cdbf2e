import type { ObjectId } from '../../core/objects/ids.js';
import { isErrno } from '../../errors/hs-error.js';
import type { Disk, DiskFile } from '../../fsx/disk.js';
import type { Store } from '../store.js';
import { FAN_OUT } from './layout.js';

const DIR_MODE = 0o700;
const COPY_BYTES = 1024 * 1024;

/** What can be put right in a store without losing anything. Paths are absolute, within the store. */
export type RepairAction =
  | { readonly act: 'finish-lease'; readonly token: string }
  | { readonly act: 'unlink'; readonly path: string }
  | { readonly act: 'remove-tree'; readonly path: string }
  | { readonly act: 'bring-back'; readonly id: ObjectId }
  /** A file that has other names is to have bytes of its own. */
  | { readonly act: 'copy'; readonly path: string }
  /** Of an object that has a file of its own, those in packs. */
  | { readonly act: 'drop-copies'; readonly id: ObjectId }
  | { readonly act: 'make-directory'; readonly path: string }
  | { readonly act: 'chmod'; readonly paths: readonly string[]; readonly mode: number };

async function makeDirectory({ disk, layout }: Store, path: string): Promise<void> {
  await disk.mkdir(path, DIR_MODE);
  if (path === layout.objects) for (const name of FAN_OUT) await disk.mkdir(`${path}/${name}`, DIR_MODE);
  await disk.syncDir(path);
  await disk.syncDir(path.slice(0, path.lastIndexOf('/')));
}

/** It is gone or there already: another command did it. */
async function unlessDone(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (e) {
    if (!isErrno(e, 'ENOENT', 'EEXIST')) throw e;
  }
}

/** Puts one thing right, but for what takes a lease; false when that cannot be done any more. */
export async function applyRepair(
  store: Store,
  what: Exclude<RepairAction, { act: 'bring-back' | 'drop-copies' | 'copy' }>,
): Promise<boolean> {
  const { disk } = store;
  switch (what.act) {
    case 'finish-lease':
      // Every writing command finishes dead leases before it begins, the one that repairs too, where it can.
      return !(await store.leases.exists(what.token));
    case 'unlink':
      await unlessDone(() => disk.unlink(what.path));
      return true;
    case 'remove-tree':
      await disk.removeTree(what.path);
      return true;
    case 'make-directory':
      await unlessDone(() => makeDirectory(store, what.path));
      return true;
    case 'chmod':
      for (const path of what.paths) await unlessDone(() => disk.chmod(path, what.mode));
      return true;
  }
}

/**
 * Gives a file that has other names, wherever they are, bytes of its own: whoever writes to another name would
 * change it. `staging` is a path in tmp/. True also where the others are gone by now.
 */
export async function copyOnto({ disk, layout }: Store, path: string, staging: string): Promise<boolean> {
  const stat = await disk.find(path);
  if (stat?.kind !== 'file') return false;
  if (stat.nlink === 1) return true;
  const from = await disk.open(path, { access: 'read' });
  try {
    await copyFile(disk, from, staging, stat.mode);
  } finally {
    await from.close();
  }
  await disk.rename(staging, path);
  await disk.syncDir(path.slice(0, path.lastIndexOf('/')));
  await disk.syncDir(layout.tmp);
  return true;
}

async function copyFile(disk: Disk, from: DiskFile, to: string, mode: number): Promise<void> {
  const file = await disk.open(to, { access: 'create', mode });
  const buffer = Buffer.allocUnsafeSlow(COPY_BYTES);
  try {
    for (let at = 0; ; ) {
      const count = await from.read(buffer, at);
      if (count === 0) break;
      at += count;
      await file.write(buffer.subarray(0, count));
    }
    await file.sync();
  } catch (e) {
    await disk.unlink(to);
    throw e;
  } finally {
    await file.close();
  }
}
