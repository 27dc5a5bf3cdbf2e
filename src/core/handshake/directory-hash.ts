import { encodeBundleIndex, type IndexEntry, toBundleIndex } from '../objects/bundle-index.js';
import { sha256 } from '../objects/hash.js';
import type { ObjectId } from '../objects/ids.js';
import { comparePaths } from '../paths/safe-path.js';

/**
 * What the stated hash of a workspace artifact turned out to be the hash of: its bytes, the old index of a directory,
 * or an index as hs writes it.
 */
export const HASH_FORMS = ['payload', 'bundle_index_v1', 'bundle_index'] as const;
export type HashForm = (typeof HASH_FORMS)[number];

/**
 * The hash of a directory in a handshake_core workspace: a compact JSON array without a final newline, sorted by path
 * in UTF-8 byte order, with the fields in the order path, content_hash, size_bytes. In hs indexes the fields are
 * sorted.
 */
export function workspaceIndexHash(entries: readonly IndexEntry[]): ObjectId {
  const sorted = [...entries].sort((a, b) => comparePaths(a.path, b.path));
  const listed = sorted.map(({ path, content_hash, size_bytes }) => ({ path, content_hash, size_bytes }));
  return sha256(Buffer.from(JSON.stringify(listed)));
}

/** Whether a path is excluded from the hash: it, or a directory above it, is listed. */
function isExcluded(path: string, excluded: readonly string[]): boolean {
  return excluded.some((e) => path === e || path.startsWith(`${e.replace(/\/+$/, '')}/`));
}

/** The form in which the entries have the stated hash; undefined: none. `excluded` paths are left out. */
export function matchDirectory(
  stated: ObjectId,
  entries: readonly IndexEntry[],
  excluded: readonly string[],
): HashForm | undefined {
  const hashed = entries.filter(({ path }) => !isExcluded(path, excluded));
  if (workspaceIndexHash(hashed) === stated) return 'bundle_index_v1';
  const plain = hashed.map(({ executable: _, ...entry }) => entry);
  // With and without the executable flag, which only hs indexes have.
  for (const index of [plain, hashed]) {
    if (sha256(encodeBundleIndex(toBundleIndex(index))) === stated) return 'bundle_index';
  }
  return undefined;
}
