import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk, FileStat, SmallFile } from '../../fsx/disk.js';
import { ancestors, identity } from '../../fsx/file-identity.js';
import type { Added, ObjectBatch } from '../../store/port/object-batch.js';
import type { Session } from '../session/session.js';
import { OpenFile } from './open-file.js';

/** Files up to this size are read at once, so that one that is stored already is never written again. */
const SMALL_BYTES = 256 * 1024;

/** The buffer for small files: one per tree, since a buffer per file keeps the garbage collector busy. */
export function readScratch(): Buffer {
  return Buffer.allocUnsafeSlow(SMALL_BYTES + 1);
}

function changed(subject: string): HsError {
  return new HsError('SOURCE_CHANGED', `'${escapeText(subject)}' changed while it was read`, {
    hint: 'nothing was stored; run the command again when it no longer changes',
  });
}

function sameState(a: FileStat, b: FileStat): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
}

/** Whether a path is the store or inside it, under any name. */
async function isInStore({ disk, store }: Session, path: string): Promise<boolean> {
  const root = await identity(disk, store.local.directory);
  return root !== undefined && (await ancestors(disk, path)).has(root);
}

/** UNSAFE_PATH: contents of the store would be stored again without their metadata, such as the classification. */
export async function refuseInStore(session: Session, path: string): Promise<void> {
  if (!(await isInStore(session, path))) return;
  throw new HsError('UNSAFE_PATH', `'${escapeText(path)}' is inside the store`, {
    hint: 'use hs cat-artifact or hs cat-object to read from the store',
  });
}

export interface ReadFile extends Added {
  readonly executable: boolean;
}

/**
 * Reads one file of any size into the batch. SOURCE_CHANGED unless its size and times are the same before the first and
 * after the last byte; if the batch holds it, also when it is published, for other bytes. `location` is opened without following a link; messages name `subject`.
 */
export async function readSourceFile(
  disk: Disk,
  location: string,
  subject: string,
  batch: ObjectBatch,
  onBytes: (count: number) => void,
  options: { readonly follow?: boolean; readonly scratch?: Buffer; readonly hint?: string } = {},
): Promise<ReadFile> {
  const { follow = false, scratch = readScratch(), hint } = options;
  let small: SmallFile | undefined;
  try {
    small = await disk.readSmall(location, scratch, { follow });
  } catch (e) {
    throw sourceError(e, subject, hint);
  }
  if (small === undefined) return readLargeFile(disk, location, subject, batch, onBytes, follow);
  if (!small.atRest) throw changed(subject);
  const added = await batch.addBytes(scratch.subarray(0, small.count));
  onBytes(small.count);
  return { executable: isExecutable(small.mode), ...added };
}

async function readLargeFile(
  disk: Disk,
  location: string,
  subject: string,
  batch: ObjectBatch,
  onBytes: (count: number) => void,
  follow: boolean,
): Promise<ReadFile> {
  const file = await disk.open(location, { access: 'read', follow }).catch((e) => {
    throw sourceError(e, subject);
  });
  const before = await file.stat().catch(async (e) => {
    await file.close();
    throw e;
  });
  const source = new OpenFile(file, before.size, () => changed(subject));
  try {
    const added = await batch.addSource(source, onBytes);
    if (!sameState(before, await file.stat())) throw changed(subject);
    return { executable: isExecutable(before.mode), ...added };
  } finally {
    await source.end();
  }
}

function isExecutable(mode: number): boolean {
  return (mode & 0o100) !== 0;
}

export function notRegular(subject: string, hint?: string): HsError {
  const more = hint === undefined ? {} : { hint };
  return new HsError('UNSAFE_PATH', `'${escapeText(subject)}' is not a regular file`, more);
}

/** The error for a source that could not be opened. */
function sourceError(e: unknown, subject: string, hint?: string): unknown {
  if (isErrno(e, 'ENOENT')) return new HsError('NOT_FOUND', `'${escapeText(subject)}' does not exist`);
  if (isErrno(e, 'ELOOP', 'EINVAL')) {
    return notRegular(subject);
  }
  if (isErrno(e, 'EACCES', 'EPERM')) {
    return new HsError('SYSTEM', `'${escapeText(subject)}' cannot be read: permission denied`, {
      ...(hint === undefined ? {} : { hint }),
      cause: e,
    });
  }
  return e;
}
