import type { Disk, DiskDir, DiskFile } from '../../src/fsx/disk.js';
import type { DiskOperation } from '../../src/fsx/surround-disk.js';
import { interceptDisk } from './intercept-disk.js';

/** Stands for the death of the process: thrown once, every later operation throws it too. */
export class Crash extends Error {
  constructor(operation: DiskOperation, path: string, n: number) {
    super(`killed at operation ${n}: ${operation} '${path}'`);
    this.name = 'Crash';
  }
}

export interface FaultOptions {
  /** Asked before the n-th operation (from 1). A `Crash` it throws ends everything; any other error fails this one. */
  onOperation(operation: DiskOperation, path: string, n: number): void;
}

export interface FaultDisk extends Disk {
  /** Operations begun so far. */
  readonly operations: number;
}

/**
 * The same disk, failing where it is told to. After a `Crash` the inner descriptors are closed, and
 * with them the locks go, as they do when a process is killed.
 */
export function faultDisk(inner: Disk, options: FaultOptions): FaultDisk {
  const handles = new Set<DiskFile | DiskDir>();
  let operations = 0;
  let crash: Crash | undefined;

  const before = async (operation: DiskOperation, path: string): Promise<void> => {
    if (crash !== undefined) throw crash;
    operations += 1;
    try {
      options.onOperation(operation, path, operations);
    } catch (e) {
      if (e instanceof Crash) {
        crash = e;
        await Promise.allSettled([...handles].map((handle) => handle.close()));
      }
      throw e;
    }
  };
  const disk = interceptDisk(remembering(inner, handles), before);
  return Object.defineProperty(disk as Disk & { operations: number }, 'operations', {
    get: () => operations,
    enumerable: true,
  });
}

/** A fault that kills at the n-th operation. */
export function crashAt(n: number): FaultOptions {
  return {
    onOperation(operation, path, at) {
      if (at === n) throw new Crash(operation, path, at);
    },
  };
}

/** Notes which handles are open; the plain copy is needed because a disk may be a class with private fields. */
function remembering(inner: Disk, handles: Set<DiskFile | DiskDir>): Disk {
  const remember = <T extends DiskFile | DiskDir>(handle: T): T => {
    const tracked = { ...handle };
    tracked.close = async () => {
      handles.delete(tracked);
      await handle.close();
    };
    handles.add(tracked);
    return tracked;
  };
  const plain = interceptDisk(inner, () => {});
  return {
    ...plain,
    within: async (root, rooting) => {
      const rooted = await inner.within(root, rooting);
      return { ...remembering(rooted, handles), release: () => rooted.release() };
    },
    open: async (path, options) => remember(await plain.open(path, options)),
    openDir: async (path, options) => remember(await plain.openDir(path, options)),
  };
}
