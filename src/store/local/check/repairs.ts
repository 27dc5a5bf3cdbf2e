import { isErrno } from '../../../errors/hs-error.js';
import type { Disk, DiskFile } from '../../../fsx/disk.js';
import type { RepairableFinding } from '../../port/finding.js';
import { FAN_OUT, type Layout } from '../layout.js';
import type { LocalParts } from '../local-parts.js';

const DIR_MODE = 0o700;
const COPY_BYTES = 1024 * 1024;

type Repair = NonNullable<RepairableFinding['repair']>;

/** Ignores a file that is missing or exists already: another command did the work. */
async function unlessDone(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (e) {
    if (!isErrno(e, 'ENOENT', 'EEXIST')) throw e;
  }
}

export function removeFile(disk: Disk, path: string): Repair {
  return async () => {
    await unlessDone(() => disk.unlink(path));
    return true;
  };
}

export function removeTree(disk: Disk, path: string): Repair {
  return async () => {
    await disk.removeTree(path);
    return true;
  };
}

export function setModes(disk: Disk, paths: readonly string[], mode: number): Repair {
  return async () => {
    for (const path of paths) await unlessDone(() => disk.chmod(path, mode));
    return true;
  };
}

export function makeDirectory(disk: Disk, layout: Layout, path: string): Repair {
  const make = async () => {
    await disk.mkdir(path, DIR_MODE);
    if (path === layout.objects) for (const name of FAN_OUT) await disk.mkdir(`${path}/${name}`, DIR_MODE);
    await disk.syncDir(path);
    await disk.syncDir(path.slice(0, path.lastIndexOf('/')));
  };
  return async () => {
    await unlessDone(make);
    return true;
  };
}

/**
 * Gives a file with several hard links bytes of its own: a write through another name would change it. Also works
 * when the other links are gone by now.
 */
export function copyOnto({ disk, layout, stagingPath }: LocalParts, path: string): Repair {
  return async ({ lease }) => {
    const stat = await disk.find(path);
    if (stat?.kind !== 'file') return false;
    if (stat.nlink === 1) return true;
    const staged = stagingPath(lease);
    const from = await disk.open(path, { access: 'read' });
    try {
      await copyFile(disk, from, staged, stat.mode);
    } finally {
      await from.close();
    }
    await disk.rename(staged, path);
    await disk.syncDir(path.slice(0, path.lastIndexOf('/')));
    await disk.syncDir(layout.tmp);
    return true;
  };
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
