import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { decodeManifest, MAX_MANIFEST_BYTES, type Manifest } from '../../core/manifest/manifest.js';
import { isExecutable } from '../../core/manifest/own-labels.js';
import { bundleIndexEntries, type IndexEntry, MAX_INDEX_BYTES } from '../../core/objects/bundle-index.js';
import type { SafePath } from '../../core/paths/safe-path.js';
import type { ObjectStore } from '../../store/objects/object-store.js';
import { readable } from '../guard/read-files.js';
import type { Session } from '../session/session.js';

/** An artifact to be included in a bundle. */
export interface Member {
  readonly record: ArtifactRecord;
  readonly manifest: Manifest;
  /** Number of files in its payload. */
  readonly count: number;
  /** The payload's files in the order of A3; exactly one for a file payload. Regenerated on each call. */
  files(): Iterable<IndexEntry>;
}

/** Otherwise, the part of the artifact that is unreadable. */
export async function readMember(
  objects: ObjectStore,
  record: ArtifactRecord,
): Promise<Member | 'manifest' | 'payload'> {
  const manifest = await readable(async () =>
    decodeManifest(await objects.read(record.manifest, MAX_MANIFEST_BYTES)),
  );
  if (manifest === undefined) return 'manifest';
  const { payload_type, content_hash, size_bytes } = record;
  if (payload_type === 'file') {
    const executable = isExecutable(manifest) ? { executable: true as const } : {};
    const file = { path: 'payload' as SafePath, content_hash, size_bytes, ...executable };
    return { record, manifest, count: 1, files: () => [file] };
  }
  const index = await readable(async () => {
    const bytes = await objects.read(content_hash, MAX_INDEX_BYTES);
    let count = 0;
    for (const _ of bundleIndexEntries(bytes)) count += 1;
    return { bytes, count };
  });
  if (index === undefined) return 'payload';
  // Keep the bytes, which live outside the heap: parsed entries would fill it.
  return { record, manifest, count: index.count, files: () => bundleIndexEntries(index.bytes) };
}

/** Whether every object of the payload exists with the size that its index states. */
export async function isWhole(session: Session, { files }: Member): Promise<boolean> {
  for (const { content_hash, size_bytes } of files()) {
    session.signal.throwIfAborted();
    if ((await session.store.objects.size(content_hash)) !== size_bytes) return false;
  }
  return true;
}
