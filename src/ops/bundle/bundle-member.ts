import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { decodeManifest, MAX_MANIFEST_BYTES, type Manifest } from '../../core/manifest/manifest.js';
import { isExecutable } from '../../core/manifest/own-labels.js';
import { bundleIndexEntries, type IndexEntry, MAX_INDEX_BYTES } from '../../core/objects/bundle-index.js';
import type { SafePath } from '../../core/paths/safe-path.js';
import type { ObjectStore } from '../../store/objects/object-store.js';
import { readable } from '../guard/read-files.js';
import type { Session } from '../session/session.js';

/** An artifact that becomes a member of a bundle. */
export interface Member {
  readonly record: ArtifactRecord;
  readonly manifest: Manifest;
  /** Of its payload. */
  readonly count: number;
  /** The files of its payload in the order of A3; of a file payload the one. Made anew each time they are asked for. */
  files(): Iterable<IndexEntry>;
}

/** Else what of the artifact cannot be read. */
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
  // Kept are the bytes, which are outside the heap: their entries would fill it.
  return { record, manifest, count: index.count, files: () => bundleIndexEntries(index.bytes) };
}

/** Whether every object of its payload is there, of the size that its index states. */
export async function isWhole(session: Session, { files }: Member): Promise<boolean> {
  for (const { content_hash, size_bytes } of files()) {
    session.signal.throwIfAborted();
    if ((await session.store.objects.size(content_hash)) !== size_bytes) return false;
  }
  return true;
}
