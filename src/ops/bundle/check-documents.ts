import { BUNDLE_INDEX_NAME, type BundleDocument } from '../../core/bundle/bundle-record.js';
import { checkDebugBundle, type DebugCheck } from '../../core/debug/check-debug-bundle.js';
import type { TakenFile } from './checked-bundle.js';
import { lies } from './entry-error.js';

/** Checks that a debug bundle has exactly the documents its index names, and that they are valid. */
export function checkDocuments(
  documents: readonly BundleDocument[] | undefined,
  files: readonly TakenFile[],
  records: ReadonlyMap<string, Uint8Array>,
  prefix: string,
): DebugCheck | undefined {
  if (documents === undefined) return undefined;
  const all = new Map(files.map((f) => [f.path as string, f]));
  const known = new Map<string, Uint8Array>();
  for (const { path, content_hash, size_bytes } of documents) {
    const file = all.get(path);
    const bytes = records.get(prefix + path);
    if (file === undefined || bytes === undefined) throw lies('is missing', prefix + path);
    if (file.hash !== content_hash || file.size !== size_bytes) {
      throw lies('does not match the hash that the index states', prefix + path);
    }
    known.set(path, bytes);
  }
  all.delete(BUNDLE_INDEX_NAME);
  return checkDebugBundle({ documents: known, all });
}
