import { decodeBundleIndex, MAX_INDEX_BYTES } from '../core/bundle-index.js';
import type { Catalog } from '../core/catalog.js';
import type { ObjectId } from '../core/ids.js';
import type { ArtifactRecord } from '../core/record.js';
import { isHsError } from '../errors/hs-error.js';
import type { Session } from './session.js';

function isRestricted(r: ArtifactRecord): boolean {
  return r.classification === 'high' || !r.exportable;
}

/** Reading a payload: what is high or not exportable takes `artifact.read:restricted` (B5). */
export async function demandRead(session: Session, catalog: Catalog, record: ArtifactRecord): Promise<void> {
  const capability = isRestricted(record) ? 'artifact.read:restricted' : 'artifact.read';
  await session.demand(catalog, capability, [record.artifact_id]);
}

async function names(session: Session, record: ArtifactRecord, id: ObjectId): Promise<boolean> {
  if (record.content_hash === id) return true;
  if (record.payload_type !== 'directory') return false;
  try {
    const index = decodeBundleIndex(await session.store.objects.read(record.content_hash, MAX_INDEX_BYTES));
    return index.some((entry) => entry.content_hash === id);
  } catch (e) {
    // An index that cannot be read may name it: the gate fails closed.
    if (isHsError(e, 'OBJECT_MISSING', 'INTEGRITY', 'INVALID_RECORD', 'UNSAFE_PATH')) return true;
    throw e;
  }
}

/**
 * Reading an object by its hash is reading every artifact that names it (B5). Who may read what is
 * restricted needs no search; for others every restricted artifact, live or in the trash, is asked.
 */
export async function demandObjectRead(session: Session, catalog: Catalog, id: ObjectId): Promise<void> {
  await session.demand(catalog, 'artifact.read', [id]);
  if (await session.isAllowed(catalog, 'artifact.read:restricted')) return;
  for (const records of [catalog.live(), catalog.removed()]) {
    for (const record of records) {
      if (isRestricted(record) && (await names(session, record, id))) {
        await session.demand(catalog, 'artifact.read:restricted', [id]);
      }
    }
  }
}
