import * as z from 'zod/mini';
import { HsError } from '../errors/hs-error.js';
import { canonicalBytes, parseCanonical } from './canonical.js';
import type { ObjectId } from './ids.js';
import { checkTree, comparePaths, type SafePath, toSafePath } from './paths.js';
import { check, checkEach, natural, objectId } from './schema.js';

/** One file of a directory payload. `path` is relative, `/`-separated, and obeys B4. */
export interface IndexEntry {
  readonly path: SafePath;
  readonly content_hash: ObjectId;
  readonly size_bytes: number;
  readonly executable?: true;
}

/** Sorted by path in UTF-8 byte order; no path twice, no file that is another's directory (A3). */
export type BundleIndex = readonly IndexEntry[];

/** 2 GiB of V8 string is the wall; a million files of long paths stay below it. */
export const MAX_INDEX_BYTES = 400 * 1024 * 1024;

const indexEntry = z.strictObject({
  path: z.string(),
  content_hash: objectId,
  size_bytes: natural,
  executable: z.optional(z.literal(true)),
});

/** Puts entries into the one order of A3; refuses duplicates and files that are directories too. */
export function toBundleIndex(entries: Iterable<IndexEntry>): BundleIndex {
  const sorted = [...entries].sort((a, b) => comparePaths(a.path, b.path));
  checkTree(sorted.map((e) => e.path));
  return sorted;
}

/** The bytes whose SHA-256 is the directory's content hash: a bare canonical array (A3). */
export function encodeBundleIndex(index: BundleIndex): Buffer {
  return canonicalBytes(index);
}

/** Reads an index and demands byte equality, the order of A3 and the path rules of B4. */
export function decodeBundleIndex(bytes: Uint8Array): BundleIndex {
  const value = parseCanonical(bytes, MAX_INDEX_BYTES);
  const list = check(z.array(z.unknown()), value, 'INVALID_RECORD', 'bundle index');
  const entries = checkEach(indexEntry, list, 'bundle index entry');
  const index: IndexEntry[] = entries.map((e) => ({
    path: toSafePath(e.path),
    content_hash: e.content_hash,
    size_bytes: e.size_bytes,
    ...(e.executable === undefined ? {} : { executable: true as const }),
  }));
  for (let i = 1; i < index.length; i++) {
    if (comparePaths(index[i - 1]!.path, index[i]!.path) >= 0) {
      throw new HsError('INVALID_RECORD', 'bundle index is not sorted by path, or names a path twice');
    }
  }
  checkTree(index.map((e) => e.path));
  return index;
}

/** The logical size of a directory payload: the sum of its files. */
export function indexSize(index: BundleIndex): number {
  return index.reduce((sum, e) => sum + e.size_bytes, 0);
}
