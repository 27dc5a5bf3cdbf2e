import { HsError } from '../../errors/hs-error.js';
import { canonicalArray, canonicalBytes } from '../json/canonical.js';
import {
  checkSortedTree,
  comparePaths,
  type SafePath,
  SortedTreeCheck,
  toSafePath,
} from '../paths/safe-path.js';
import { type ListedEntry, parseIndex, scanEntries, scanIndex } from './bundle-index-text.js';
import type { ObjectId } from './ids.js';

export { MAX_INDEX_BYTES } from './bundle-index-text.js';

/** One file of a directory payload. `path` is relative, `/`-separated, and follows the rules of B4. */
export interface IndexEntry {
  readonly path: SafePath;
  readonly content_hash: ObjectId;
  readonly size_bytes: number;
  readonly executable?: true;
}

/** Sorted by path in UTF-8 byte order; no duplicate path, no file that is also a directory (A3). */
export type BundleIndex = readonly IndexEntry[];

/** Sorts entries into the order of A3; refuses duplicates and files that are also directories. */
export function toBundleIndex(entries: Iterable<IndexEntry>): BundleIndex {
  const sorted = [...entries].sort((a, b) => comparePaths(a.path, b.path));
  checkSortedTree(sorted);
  return sorted;
}

/** The bytes whose SHA-256 is the directory's content hash: a bare canonical array (A3). */
export function encodeBundleIndex(index: BundleIndex): Buffer {
  return canonicalBytes(index);
}

/** Like `encodeBundleIndex`, for entries already in the order of A3; holds one entry at a time. */
export function encodeSortedEntries(entries: Iterable<IndexEntry>): Buffer {
  return canonicalArray(demandOrder(entries));
}

function* demandOrder<E extends IndexEntry>(entries: Iterable<E>): Generator<E, void, undefined> {
  const tree = new SortedTreeCheck();
  let before: SafePath | undefined;
  for (const entry of entries) {
    if (before !== undefined && comparePaths(before, entry.path) >= 0) throw notSorted();
    tree.add(entry.path);
    before = entry.path;
    yield entry;
  }
}

/** Decodes an index; requires its canonical encoding, the order of A3 and the path rules of B4. */
export function decodeBundleIndex(bytes: Uint8Array): BundleIndex {
  const index: readonly ListedEntry[] = scanIndex(bytes) ?? parseIndex(bytes);
  demandSafePaths(index);
  for (let i = 1; i < index.length; i++) {
    if (comparePaths(index[i - 1]!.path, index[i]!.path) >= 0) {
      throw notSorted();
    }
  }
  checkSortedTree(index);
  return index;
}

function notSorted(): HsError {
  return new HsError('INVALID_RECORD', 'bundle index is not sorted by path, or names a path twice');
}

/**
 * Like `decodeBundleIndex`, with one entry in memory at a time: an error in an entry is thrown after those before it
 * were yielded.
 */
export function* bundleIndexEntries(bytes: Uint8Array): Generator<IndexEntry, void, undefined> {
  yield* demandOrder(safeEntries(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
}

function* safeEntries(bytes: Buffer): Generator<IndexEntry, void, undefined> {
  for (const entry of listedEntries(bytes)) yield { ...entry, path: toSafePath(entry.path) };
}

function* listedEntries(bytes: Buffer): Generator<ListedEntry, void, undefined> {
  let count = 0;
  const scan = scanEntries(bytes);
  for (let next = scan.next(); ; next = scan.next()) {
    if (next.done === true) {
      // The entries yielded so far are canonical, so they also come first here.
      if (!next.value) yield* parseIndex(bytes).slice(count);
      return;
    }
    count += 1;
    yield next.value;
  }
}

function demandSafePaths(entries: readonly ListedEntry[]): asserts entries is BundleIndex {
  for (const { path } of entries) toSafePath(path);
}

/** The logical size of a directory payload: the sum of its files. */
export function indexSize(index: Iterable<IndexEntry>): number {
  let sum = 0;
  for (const e of index) sum += e.size_bytes;
  return sum;
}
