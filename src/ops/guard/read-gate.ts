import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { isRestricted } from '../../core/manifest/sensitivity.js';
import { decodeBundleIndex, MAX_INDEX_BYTES } from '../../core/objects/bundle-index.js';
import type { ObjectId } from '../../core/objects/ids.js';
import type { ObjectStore } from '../../store/objects/object-store.js';
import type { Session } from '../session/session.js';
import type { Bytes } from './read-files.js';
import { restrictedContents } from './restricted-contents.js';

type Payload = Pick<ArtifactRecord, 'payload_type' | 'content_hash'>;

/** The objects of a payload: its file, or its index and every file in it. */
export async function payloadObjects(objects: ObjectStore, payload: Payload): Promise<ReadonlySet<ObjectId>> {
  if (payload.payload_type === 'file') return new Set([payload.content_hash]);
  const index = decodeBundleIndex(await objects.read(payload.content_hash, MAX_INDEX_BYTES));
  return new Set([payload.content_hash, ...index.map((e) => e.content_hash)]);
}

/** The first of these objects that a restricted artifact, live or removed, names. */
export async function findRestricted(
  bytes: Bytes,
  catalog: Catalog,
  ids: Iterable<ObjectId>,
): Promise<ObjectId | undefined> {
  const { of, unreadable } = await restrictedContents(bytes, catalog);
  // An unreadable index may name it: the gate fails closed.
  const unknown = unreadable.some(isRestricted);
  for (const id of ids) if (unknown || of.get(id)?.some(isRestricted)) return id;
  return undefined;
}

/**
 * Gates reading a payload: a high or non-exportable artifact needs `artifact.read:restricted` (B5), and so do bytes
 * that are restricted under another artifact. `read` selects the part of a directory that is read: its index, or all of
 * it.
 */
export async function demandRead(
  session: Session,
  catalog: Catalog,
  record: ArtifactRecord,
  read: 'index' | 'all' = 'index',
): Promise<void> {
  const capability = isRestricted(record) ? 'artifact.read:restricted' : 'artifact.read';
  await session.demand(catalog, capability, [record.artifact_id]);
  if (await session.isAllowed(catalog, 'artifact.read:restricted')) return;
  const ids =
    read === 'index' ? new Set([record.content_hash]) : await payloadObjects(session.store.objects, record);
  await demandUnrestricted(session, catalog, ids);
}

/**
 * Requires `artifact.read:restricted` if a restricted artifact, live or removed, names one of these objects. An actor
 * who has it needs no search.
 */
export async function demandUnrestricted(
  session: Session,
  catalog: Catalog,
  ids: ReadonlySet<ObjectId>,
): Promise<void> {
  if (await session.isAllowed(catalog, 'artifact.read:restricted')) return;
  const found = await findRestricted(session.store.objects, catalog, ids);
  if (found !== undefined) await session.demand(catalog, 'artifact.read:restricted', [found]);
}

/** Reading an object by its hash is reading every artifact that names it (B5). */
export async function demandObjectRead(session: Session, catalog: Catalog, id: ObjectId): Promise<void> {
  await session.demand(catalog, 'artifact.read', [id]);
  await demandUnrestricted(session, catalog, new Set([id]));
}
