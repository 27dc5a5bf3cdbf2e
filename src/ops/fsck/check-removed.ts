import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { PURGED } from '../../core/catalog/catalog-keys.js';
import { DAY_MS } from '../../core/duration.js';
import { labelBesideId } from '../../core/manifest/label-of.js';
import { type ObjectId, type Timestamp, timestampMs } from '../../core/objects/ids.js';
import { escapeText } from '../../core/text/escape-control.js';
import { yieldToEvents } from '../../fsx/yielding-disk.js';
import { isMadeSince } from '../../store/collector/batch-time.js';
import { keysOfUnread, namesOf } from '../../store/collector/mark.js';
import { IndexReader } from '../../store/objects/index-reader.js';
import { HINT_LOST, type RepairableFinding } from '../../store/port/finding.js';
import type { Store } from '../../store/store.js';
import { readable } from '../guard/read-files.js';
import type { Session } from '../session/session.js';
import type { PlacedObjects } from './placed-objects.js';

/** Whether a trash batch that may hold objects removed at a time was purged. */
async function purgedSince(store: Store, catalog: Catalog): Promise<(at: Timestamp) => boolean> {
  const batches: string[] = [];
  for await (const batch of catalog.provenPurged()) batches.push(batch);
  for await (const key of keysOfUnread(store, catalog, () => undefined)) {
    if (key.startsWith(PURGED)) batches.push(key.slice(PURGED.length));
  }
  return (at) => batches.some((batch) => isMadeSince(batch, at));
}

/**
 * Reports removed artifacts that could still be restored, had their objects not been taken out of the trash by
 * something other than hs. A purge by a collection is in the ledger, and is not a loss.
 */
export async function checkRemoved(
  session: Session,
  state: () => Promise<Catalog>,
  there: PlacedObjects,
): Promise<RepairableFinding[]> {
  const catalog = await state();
  const purged = await purgedSince(session.store, catalog);
  const policy = await readable(() => session.policy(catalog));
  // Without a policy the window is unknown; its loss has been reported already.
  if (policy === undefined) return [];
  const since = session.clock.now() - policy.retention.trash_days * DAY_MS;
  const indexes = new IndexReader(session.store.objects);
  const lost: {
    readonly record: ArtifactRecord;
    readonly missing: readonly ObjectId[];
    readonly all: number;
  }[] = [];
  for await (const record of catalog.provenRemoved()) {
    await yieldToEvents();
    session.signal.throwIfAborted();
    const { removed } = record;
    if (removed === undefined || removed.purge || timestampMs(removed.at) <= since) continue;
    // What was condemned is purged by whoever comes, and the note with its batch may be lost.
    if (purged(removed.at) || removed.seq < (session.store.reclaimer.newestCondemnation?.() ?? 0)) continue;
    const ids = new Set<ObjectId>();
    await namesOf(record, indexes, (id) => ids.add(id));
    const missing: ObjectId[] = [];
    for (const id of ids) if (!there.has(id) && !(await session.store.objects.has(id))) missing.push(id);
    if (missing.length > 0) lost.push({ record, missing, all: ids.size });
  }
  if (lost.length === 0) return [];
  // A purge that began meanwhile has left a note with its batch, or an entry.
  const purging = (await session.store.reclaimer.batches()).filter((b) => b.purge !== undefined);
  const now = await state();
  const purgedNow = await purgedSince(session.store, now);
  const findings: RepairableFinding[] = [];
  for (const { record, missing, all } of lost) {
    const { at } = record.removed!;
    const isGone = purgedNow(at) || purging.some((b) => isMadeSince(b.name, at));
    if (isGone || (await now.get(record.artifact_id))?.removed === undefined) continue;
    const name = escapeText(labelBesideId(record));
    const subject = `${name} (${record.artifact_id.slice(0, 8)})`;
    const what = `${missing.length} of ${all} objects are gone from the trash`;
    findings.push({
      severity: 'damage',
      subject,
      message: `${subject}: it was removed and cannot be brought back: ${what}`,
      hint: HINT_LOST,
      artifact_id: record.artifact_id,
      wanted: missing,
    });
  }
  return findings;
}
