import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';

function unsuitable(workspace: string, what: string, cause: unknown): HsError {
  return new HsError('SYSTEM', `the filesystem at '${workspace}' cannot hold a store: ${what}`, {
    hint: 'choose a directory on a local filesystem such as ext4, XFS or btrfs',
    cause,
  });
}

/**
 * Tests what a store needs of a filesystem: hard links, kernel locks, directory fsync. SYSTEM when one is missing.
 * The files it creates start with `prefix` and are removed.
 */
export async function probeFilesystem(disk: Disk, prefix: string, workspace: string): Promise<void> {
  const a = `${prefix}-a`;
  const b = `${prefix}-b`;
  const dir = prefix.slice(0, prefix.lastIndexOf('/'));
  const file = await disk.open(a, { access: 'create', mode: 0o600 });
  try {
    try {
      if (!(await file.tryLock())) throw new Error('a lock on a new file was refused');
      const second = await disk.open(a, { access: 'update' });
      try {
        if (await second.tryLock()) throw new Error('two locks were held on one file');
      } finally {
        await second.close();
      }
    } catch (cause) {
      throw unsuitable(workspace, 'it has no kernel locks', cause);
    }
    try {
      await disk.link(a, b);
    } catch (cause) {
      throw unsuitable(workspace, 'it has no hard links', cause);
    }
    try {
      await disk.link(a, b);
      throw unsuitable(workspace, 'link() replaced an existing name', undefined);
    } catch (e) {
      if (!isErrno(e, 'EEXIST')) throw e;
    }
    try {
      await disk.syncDir(dir);
    } catch (cause) {
      throw unsuitable(workspace, 'a directory cannot be fsynced', cause);
    }
  } finally {
    await file.close();
    for (const path of [a, b]) {
      await disk.unlink(path).catch((e) => {
        if (!isErrno(e, 'ENOENT')) throw e;
      });
    }
  }
}

/** Whether two names can be exchanged atomically (`RENAME_EXCHANGE`), tested with two files. */
export async function canExchange(disk: Disk, prefix: string): Promise<boolean> {
  const names = [`${prefix}-a`, `${prefix}-b`] as const;
  try {
    for (const name of names) await disk.writeFile(name, new Uint8Array(), { mode: 0o600, sync: false });
    await disk.exchange(...names);
    return true;
  } catch (e) {
    if (!isErrno(e, 'EINVAL', 'ENOSYS', 'EOPNOTSUPP', 'ENOTSUP')) throw e;
    return false;
  } finally {
    for (const name of names) {
      await disk.unlink(name).catch((e) => {
        if (!isErrno(e, 'ENOENT')) throw e;
      });
    }
  }
}
