import type { ObjectId } from '../../../core/objects/ids.js';
import { isErrno } from '../../../errors/hs-error.js';
import type { Disk, DiskFile, FileKind } from '../../../fsx/disk.js';
import { asCollector } from '../../collector/tidy.js';
import type { Repair } from '../../port/finding.js';
import type { LeaseTable } from '../../port/lease-table.js';
import { FAN_OUT, type Layout } from '../layout.js';
import type { LocalParts } from '../local-parts.js';
import { packNameOf } from '../objects/packs.js';
import { isSoundFile } from '../objects/sound-file.js';
import { isSoundPack } from '../objects/sound-pack.js';
import { Quarantine } from '../quarantine.js';

const DIR_MODE = 0o700;
const COPY_BYTES = 1024 * 1024;

type Run = Repair['run'];

/** Ignores a file that is missing or exists already: another command did the work. */
async function unlessDone(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (e) {
    if (!isErrno(e, 'ENOENT', 'EEXIST')) throw e;
  }
}

export function removeFile(disk: Disk, path: string): Run {
  return async () => {
    await unlessDone(() => disk.unlink(path));
    return true;
  };
}

export function removesTree(disk: Disk, path: string): Run {
  return async () => {
    await disk.removeTree(path);
    return true;
  };
}

export function setModes(disk: Disk, paths: readonly string[], mode: number): Run {
  return async () => {
    for (const path of paths) await unlessDone(() => disk.chmod(path, mode));
    return true;
  };
}

export function makeDirectory(disk: Disk, layout: Layout, path: string): Run {
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

/** Whoever finds no lock file fails, and takes part in nothing. */
export function makeLockFile(disk: Disk, { root, gcLock }: Layout, mode: number): Run {
  return async () => {
    await unlessDone(async () => {
      await disk.writeFile(gcLock, new Uint8Array(), { mode, sync: true });
      await disk.syncDir(root);
    });
    return true;
  };
}

/**
 * Moves what is in the place of a file or directory to the quarantine, unless it is of this kind by now; `then` makes
 * what belongs there.
 */
export function setAsidePath(parts: LocalParts, path: string, kind: FileKind, then?: Run): Run {
  return async (under) => {
    const isOfKind = async (at: string) => (await parts.disk.find(at))?.kind === kind;
    await new Quarantine(parts, under.lease).move(path, isOfKind);
    return then === undefined || then(under);
  };
}

/**
 * Gives an object or a pack with several hard links bytes of its own: a write through another name would change it.
 * Also works when the other links are gone by now. Only for bytes of its name, which may overwrite whatever is there by
 * then, and while nobody collects: what was purged must not come back.
 */
export function copyOnto(parts: LocalParts, leases: LeaseTable, path: string): Run {
  const { disk, layout, stagingPath } = parts;
  const file = path.slice(path.lastIndexOf('/') + 1);
  const pack = packNameOf(file);
  const isSound = async (at: string) =>
    pack === undefined ? await isSoundFile(disk, at, file as ObjectId) : await isSoundPack(disk, pack, at);
  const copy: Run = async ({ lease }) => {
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
    if (!(await isSound(staged))) {
      await disk.unlink(staged);
      return false;
    }
    await disk.rename(staged, path);
    await disk.syncDir(path.slice(0, path.lastIndexOf('/')));
    await disk.syncDir(layout.tmp);
    return true;
  };
  return async (under) => (await asCollector(leases, () => copy(under))) ?? false;
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
