import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { decodeManifest, MAX_MANIFEST_BYTES, type Manifest } from '../../core/manifest/manifest.js';
import { isExecutable } from '../../core/manifest/own-labels.js';
import { isRestricted } from '../../core/manifest/sensitivity.js';
import { bundleIndexEntries, type IndexEntry, MAX_INDEX_BYTES } from '../../core/objects/bundle-index.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { SafePath } from '../../core/paths/safe-path.js';
import type { ObjectStore } from '../../store/objects/object-store.js';
import { readable } from '../guard/read-files.js';
import { findRestricted } from '../guard/read-gate.js';
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

/** Why an artifact cannot be included. */
export interface NotIncluded {
  readonly code: 'REFUSED' | 'INTEGRITY' | 'OBJECT_MISSING';
  readonly reason: string;
}

/**
 * An artifact as a member whose objects are all there and may be read by the actor (B5), whatever other artifacts name
 * them.
 */
export async function wholeMember(
  session: Session,
  catalog: Catalog,
  record: ArtifactRecord,
): Promise<Member | NotIncluded> {
  const { objects } = session.store;
  const mayReadAll = await session.isAllowed(catalog, 'artifact.read:restricted');
  const refused = (what: string): NotIncluded => ({
    code: 'REFUSED',
    reason: `${what}, and the actor lacks 'artifact.read:restricted'`,
  });
  if (!mayReadAll && isRestricted(record)) return refused('it is restricted');
  const member = await readMember(objects, record);
  if (typeof member === 'string') return { code: 'INTEGRITY', reason: `its ${member} cannot be read` };
  if (!(await isWhole(session, member)))
    return { code: 'OBJECT_MISSING', reason: 'a file of its payload is missing' };
  if (!mayReadAll && (await findRestricted(objects, catalog, contentsOf(member))) !== undefined)
    return refused('it contains restricted bytes');
  return member;
}

function* contentsOf({ record, files }: Member): Generator<ObjectId> {
  yield record.content_hash;
  for (const { content_hash } of files()) yield content_hash;
}

/** Whether every object of the payload exists with the size that its index states. */
async function isWhole(session: Session, { files }: Member): Promise<boolean> {
  for (const { content_hash, size_bytes } of files()) {
    session.signal.throwIfAborted();
    if ((await session.store.objects.size(content_hash)) !== size_bytes) return false;
  }
  return true;
}
