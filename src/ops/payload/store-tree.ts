import {
  type BundleIndex,
  encodeBundleIndex,
  type IndexEntry,
  indexSize,
  toBundleIndex,
} from '../../core/objects/bundle-index.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { type PortabilityProblem, portabilityProblems } from '../../core/paths/portability.js';
import type { ObjectBatch } from '../../store/port/object-batch.js';
import type { Session } from '../session/session.js';
import { readScratch, readSourceFile, refuseInStore } from './read-source.js';
import { type LeftOut, type WalkOptions, walkTree } from './walk-tree.js';

/** A payload whose objects are stored, and the notes made on the way. */
export interface StoredPayload {
  /** For a file; a directory's index states it for each of its files. */
  readonly executable?: boolean;
  readonly contentHash: ObjectId;
  readonly payloadType: 'file' | 'directory';
  readonly sizeBytes: number;
  readonly files: number;
  readonly leftOut: readonly LeftOut[];
  readonly portability: readonly PortabilityProblem[];
}

/** Shows progress, and stops a copy of any length when the command is interrupted. */
export function advancing(session: Session): (bytes: number) => void {
  return (bytes) => {
    session.signal.throwIfAborted();
    session.progress.advance(bytes);
  };
}

/** Stores the files of a directory and its index; the directory's content hash is the hash of the index (A3). */
export async function storeTree(
  session: Session,
  batch: ObjectBatch,
  root: string,
  options: Pick<WalkOptions, 'exclude' | 'skipLinks'>,
): Promise<StoredPayload & { readonly index: BundleIndex }> {
  await refuseInStore(session, root);
  const entries: IndexEntry[] = [];
  const leftOut: LeftOut[] = [];
  const omit = await session.disk.find(session.store.local.directory);
  const advance = advancing(session);
  const scratch = readScratch();
  const walk = walkTree(session.disk, root, { ...options, ...(omit && { omit }) }, (left) =>
    leftOut.push(left),
  );
  for await (const file of walk) {
    const read = await readSourceFile(session.disk, file.location, file.path, batch, advance, {
      scratch,
      ...(options.exclude && { hint: 'make it readable, or leave it out with --exclude' }),
    });
    entries.push({
      path: file.path,
      content_hash: read.id,
      size_bytes: read.size,
      ...(read.executable ? { executable: true as const } : {}),
    });
  }
  const index = toBundleIndex(entries);
  const { id } = await batch.addBytes(encodeBundleIndex(index));
  return {
    index,
    contentHash: id,
    payloadType: 'directory',
    sizeBytes: indexSize(index),
    files: index.length,
    leftOut,
    portability: [...portabilityProblems(index.map((e) => e.path))],
  };
}
