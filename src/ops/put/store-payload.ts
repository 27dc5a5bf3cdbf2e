import { dirname } from 'node:path';
import type { ObjectId } from '../../core/objects/ids.js';
import type { ObjectBatch } from '../../store/port/object-batch.js';
import { notRegular, readSourceFile, refuseInStore } from '../payload/read-source.js';
import { advancing, type StoredPayload, storeTree } from '../payload/store-tree.js';
import type { WalkOptions } from '../payload/walk-tree.js';
import type { Session } from '../session/session.js';
import { type Payload, statSource } from './put-source.js';

/** What the payloads of one put share. */
export interface PayloadReader {
  readonly batch: ObjectBatch;
  readonly walk: Pick<WalkOptions, 'exclude' | 'skipLinks'>;
  readonly scratch: Buffer;
  /** Real directories that are not in the store. */
  readonly outside: Set<string>;
}

/** One for all files: a put may be of 100,000. */
const NONE: readonly never[] = [];

/** Stores the objects of one payload: a stream, a file, or a directory with its index. */
export async function storePayload(
  session: Session,
  { batch, walk, scratch, outside }: PayloadReader,
  { source, entry, isFile = false }: Payload,
): Promise<StoredPayload> {
  const file = (id: ObjectId, size: number, executable = false): StoredPayload => ({
    contentHash: id,
    payloadType: 'file',
    sizeBytes: size,
    files: 1,
    executable,
    leftOut: NONE,
    portability: NONE,
  });
  const advance = advancing(session);
  if ('stream' in source) {
    const { id, size } = await batch.addSource(source.stream, advance);
    return file(id, size);
  }
  const kind = isFile ? 'file' : (await statSource(session.disk, source.path)).kind;
  if (kind === 'directory') {
    return storeTree(session, batch, await session.disk.realpath(source.path), walk);
  }
  // Before its real path is asked for: the pipe of a `<(…)` has none.
  if (kind !== 'file') {
    throw notRegular(source.path, "pipe what it gives into hs put, and name it '-'");
  }
  // For an entry, its directory has been checked.
  if (entry === undefined) {
    const directory = dirname(await session.disk.realpath(source.path));
    if (!outside.has(directory)) await refuseInStore(session, source.path);
    outside.add(directory);
  }
  const read = await readSourceFile(session.disk, source.path, source.path, batch, advance, {
    follow: entry === undefined,
    scratch,
  });
  return file(read.id, read.size, read.executable);
}
