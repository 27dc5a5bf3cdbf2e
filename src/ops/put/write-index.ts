import {
  encodeBundleIndex,
  type IndexEntry,
  indexSize,
  toBundleIndex,
} from '../../core/objects/bundle-index.js';
import { isObjectId, type ObjectId } from '../../core/objects/ids.js';
import { toSafePath } from '../../core/paths/safe-path.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isHsError } from '../../errors/hs-error.js';
import type { ObjectBatch } from '../../store/port/object-batch.js';
import { storeTree } from '../payload/store-tree.js';
import { type LeftOut, realDirectory } from '../payload/walk-tree.js';
import type { Session } from '../session/session.js';

export interface WrittenIndex {
  /** The hash of the index, which is the directory's content hash (A3). */
  readonly content_hash: ObjectId;
  readonly files: number;
  /** Sum of the file sizes. */
  readonly size_bytes: number;
  readonly left_out: readonly LeftOut[];
}

const RECORD = /^(?<mode>[^\t]*)\t(?<hash>[^\t]*)\t(?<size>[^\t]*)\t(?<path>.*)$/s;

/** One record of `write-index --stdin` and `ls-index`: "mode TAB hash TAB size TAB path". USAGE, or UNSAFE_PATH. */
export function parseIndexRecord(record: string): IndexEntry {
  const bad = (what: string) =>
    new HsError('USAGE', `'${escapeText(record.slice(0, 200))}' is not an index record: ${what}`, {
      hint: 'a record is mode, hash, size and path, separated by tabs; the mode is 644 or 755',
    });
  const { mode, hash, size, path } = RECORD.exec(record)?.groups ?? {};
  if (path === undefined) throw bad('it has fewer than four fields');
  if (mode !== '644' && mode !== '755') throw bad('the mode is neither 644 nor 755');
  if (!isObjectId(hash!)) throw bad('the hash is not 64 lowercase hex digits');
  if (!/^(0|[1-9]\d{0,15})$/.test(size!) || !Number.isSafeInteger(Number(size)))
    throw bad('the size is no number');
  return {
    path: toSafePath(path),
    content_hash: hash,
    size_bytes: Number(size),
    ...(mode === '755' ? { executable: true as const } : {}),
  };
}

/** Stores the files of a directory and their index. */
export async function writeIndexOf(session: Session, directory: string): Promise<WrittenIndex> {
  return session.write('artifact.create', [], async ({ batch }) => {
    session.progress.start('storing', undefined, 'bytes');
    const tree = await storeTree(session, batch, await realDirectory(session.disk, directory), {});
    await batch.publish();
    session.progress.done();
    return {
      content_hash: tree.contentHash,
      files: tree.files,
      size_bytes: tree.sizeBytes,
      left_out: tree.leftOut,
    };
  });
}

/** The size is the caller's claim: a mismatch is USAGE, unless the object is damaged. */
async function reference(session: Session, batch: ObjectBatch, entry: IndexEntry): Promise<void> {
  const { objects } = session.store;
  try {
    await batch.reference(entry.content_hash, entry.size_bytes);
  } catch (e) {
    if (!isHsError(e, 'INTEGRITY') || !(await objects.isSound(entry.content_hash))) throw e;
    const size = await objects.size(entry.content_hash);
    throw new HsError(
      'USAGE',
      `'${escapeText(entry.path)}' does not have ${entry.size_bytes} bytes: object ${entry.content_hash} has ${size}`,
      { hint: 'the third field is the size of the object', cause: e },
    );
  }
}

/** Stores the index of objects that are in the store already: OBJECT_MISSING, or USAGE if a size differs. */
export async function writeIndexEntries(
  session: Session,
  entries: readonly IndexEntry[],
): Promise<WrittenIndex> {
  const index = toBundleIndex(entries);
  return session.write('artifact.create', [], async ({ batch }) => {
    for (const entry of index) await reference(session, batch, entry);
    const { id } = await batch.addBytes(encodeBundleIndex(index));
    await batch.publish();
    return { content_hash: id, files: index.length, size_bytes: indexSize(index), left_out: [] };
  });
}

/** The same from records of text. */
export async function writeIndexFrom(
  session: Session,
  records: AsyncIterable<string>,
): Promise<WrittenIndex> {
  const entries: IndexEntry[] = [];
  for await (const record of records) entries.push(parseIndexRecord(record));
  return writeIndexEntries(session, entries);
}
