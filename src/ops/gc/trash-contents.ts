import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { TrashedArtifact } from '../../core/retention/trashed-artifact.js';
import type { Session } from '../session/session.js';
import { objectsOfAll } from './payload-presence.js';
import { restorableAmong } from './restore.js';

export function toTrashed(r: ArtifactRecord): TrashedArtifact {
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

/** The artifacts that `hs restore` could not bring back after the trash is emptied, sorted by id. */
export async function trashedArtifacts(session: Session): Promise<TrashedArtifact[]> {
  const catalog = await session.catalog();
  const removed = (await catalog.removed().all()).filter((r) => r.removed?.purge !== true);
  const objects = await objectsOfAll(session, removed);
  return removed.filter((r) => !objects(r).damaged).map(toTrashed);
}

/** Of these, the ones that cannot be brought back any more. */
export async function goneForGood(
  session: Session,
  trashed: readonly TrashedArtifact[],
): Promise<TrashedArtifact[]> {
  const catalog = await session.catalog();
  const removed = new Map<TrashedArtifact, ArtifactRecord>();
  for (const item of trashed) {
    const record = await catalog.get(item.artifact_id);
    if (record?.removed !== undefined) removed.set(item, record);
  }
  const restorable = await restorableAmong(session, [...removed.values()]);
  return [...removed.keys()].filter((item) => !restorable.has(item.artifact_id));
}
