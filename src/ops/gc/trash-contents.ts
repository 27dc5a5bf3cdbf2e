import { compact } from '../../core/compact.js';
import type { ArtifactRecord } from '../../core/record.js';
import type { TrashedArtifact } from '../../core/trashed.js';
import { IndexReader } from '../../store/index-reader.js';
import { isRestorable } from '../restore.js';
import type { Session } from '../session.js';
import { objectsOfAll } from './presence.js';

function toTrashed(r: ArtifactRecord): TrashedArtifact {
  return compact({
    artifact_id: r.artifact_id,
    name: r.name,
    filename_hint: r.filename_hint,
    kind: r.kind,
    retention_class: r.retention_class,
    size_bytes: r.size_bytes,
    created_at: r.created_at,
    removed_at: r.removed!.at,
  });
}

/** What emptying the trash would put beyond `hs restore`, in order of id. */
export async function trashedArtifacts(session: Session): Promise<TrashedArtifact[]> {
  const catalog = await session.catalog();
  const removed = [...catalog.removed()].filter((r) => r.removed?.purge !== true);
  const { store } = session;
  const objects = await objectsOfAll(store, new IndexReader(store.objects), removed);
  return removed.filter((r) => !objects(r).damaged).map(toTrashed);
}

/** Of these, what cannot be brought back any more. */
export async function goneForGood(
  session: Session,
  trashed: readonly TrashedArtifact[],
): Promise<TrashedArtifact[]> {
  const catalog = await session.catalog();
  const gone: TrashedArtifact[] = [];
  for (const item of trashed) {
    const record = catalog.get(item.artifact_id);
    if (record?.removed !== undefined && !(await isRestorable(session, record))) gone.push(item);
  }
  return gone;
}
