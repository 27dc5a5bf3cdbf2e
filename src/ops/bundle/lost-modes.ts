import { type BundleIndex, encodeBundleIndex } from '../../core/objects/bundle-index.js';
import { sha256 } from '../../core/objects/hash.js';
import type { ObjectId } from '../../core/objects/ids.js';

/**
 * Limits on the indexes hashed for one answer, and on the entries in all of them: a stranger's archive asks for the
 * work.
 */
const MOST_TRIES = 4096;
const MOST_ENTRIES = 200_000;

/** Guesses of which entries are executable, in order of likelihood: none, all, a few. */
function* guesses(count: number): Generator<ReadonlySet<number>> {
  yield new Set();
  yield new Set(Array.from({ length: count }, (_, i) => i));
  for (let i = 0; i < count; i++) yield new Set([i]);
  for (let i = 0; i < count; i++) for (let j = i + 1; j < count; j++) yield new Set([i, j]);
  if (count <= 12) {
    for (let bits = 0; bits < 2 ** count; bits++) {
      yield new Set(Array.from({ length: count }, (_, i) => i).filter((i) => (bits >> i) & 1));
    }
  }
}

/**
 * The paths that were executable when the tree had this content hash, if its bytes are intact and only the modes are
 * lost: copying through a filesystem or program without modes drops them. Undefined when no guess fits, which does not
 * prove that the bytes are damaged.
 */
export function executablesOf(index: BundleIndex, hash: ObjectId): readonly string[] | undefined {
  let tries = Math.min(MOST_TRIES, Math.floor(MOST_ENTRIES / Math.max(1, index.length)));
  for (const guess of guesses(index.length)) {
    if (tries-- <= 0) return undefined;
    const guessed = index.map(({ path, content_hash, size_bytes }, i) => ({
      path,
      content_hash,
      size_bytes,
      ...(guess.has(i) ? { executable: true as const } : {}),
    }));
    if (sha256(encodeBundleIndex(guessed)) === hash) return [...guess].map((i) => index[i]!.path);
  }
  return undefined;
}
