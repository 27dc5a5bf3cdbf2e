import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { DAY_MS } from '../../core/duration.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { labelOf } from '../../core/manifest/label-of.js';
import { type ArtifactId, type ObjectId, toTimestamp } from '../../core/objects/ids.js';
import { HsError, isHsError } from '../../errors/hs-error.js';
import { namesOf } from '../../store/collector/mark.js';
import { IndexReader } from '../../store/objects/index-reader.js';
import type { Session } from '../session/session.js';

/** The pin that protects restored artifacts from the next collection. */
export const RESTORED_PIN = 'restored';

export interface RestoreOptions {
  /** False: the next collection may remove them again. */
  readonly pin: boolean;
  /** The report of the collection to undo. */
  readonly run?: ArtifactId;
}

export interface Restored {
  readonly restored: readonly ArtifactRecord[];
  /** Artifacts that cannot be restored, each with the reason. */
  readonly failed: readonly { readonly record: ArtifactRecord; readonly error: HsError }[];
}

/** The artifacts that the collection with this report removed and that are still removed. */
export async function removedByRun(session: Session, report: ArtifactRecord): Promise<ArtifactRecord[]> {
  const { entry } = await session.store.ledger.read(report.registered.seq);
  if (entry.type !== 'meta.gc_summary') {
    throw new HsError('NOT_FOUND', `'${report.artifact_id}' is not the report of a collection`, {
      hint: 'hs report lists the reports',
    });
  }
  const found: ArtifactRecord[] = [];
  for await (const record of (await session.catalog()).removed()) {
    if (record.removed?.seq === report.registered.seq) found.push(record);
  }
  return found;
}

/** Whether `hs restore` could restore this removed artifact now. */
export async function isRestorable(session: Session, record: ArtifactRecord): Promise<boolean> {
  try {
    await wanted(session, record, new IndexReader(session.store.objects));
    return true;
  } catch (e) {
    if (!isHsError(e, 'OBJECT_MISSING')) throw e;
    return false;
  }
}

/** The ids of all its objects. OBJECT_MISSING if any is gone. */
async function wanted(session: Session, record: ArtifactRecord, indexes: IndexReader): Promise<ObjectId[]> {
  const ids = new Set<ObjectId>();
  const readable = await namesOf(record, indexes, (id) => ids.add(id));
  const missing: ObjectId[] = [];
  for (const id of ids) if (!(await session.store.objects.has(id))) missing.push(id);
  if (missing.length === 0 && readable) return [...ids];
  const why =
    missing.length === 0
      ? 'its index is damaged'
      : `${missing.length} of ${ids.size} objects are gone, including '${missing[0]}'`;
  throw new HsError('OBJECT_MISSING', `cannot restore '${labelOf(record)}': ${why}`, {
    hint: record.removed?.purge
      ? 'it was removed without a trash window'
      : 'the trash was emptied since, or an artifact with the same bytes was removed for good',
    details: { artifact_id: record.artifact_id, missing: missing.slice(0, 100) },
  });
}

/**
 * Restores removed artifacts, all that can be restored in one commit: first their objects, durably, then the entry,
 * with a pin for the trash window (D7).
 */
export async function restore(
  session: Session,
  ids: readonly ArtifactId[],
  options: RestoreOptions,
): Promise<Restored> {
  return session.write('artifact.restore', ids, async (tx) => {
    const catalog = await session.catalog();
    const indexes = new IndexReader(session.store.objects);
    const failed: Restored['failed'][number][] = [];
    const restored: ArtifactRecord[] = [];
    session.progress.start('bringing back', ids.length, 'artifacts');
    for (const id of new Set(ids)) {
      const record = await catalog.get(id);
      if (record === undefined) throw new HsError('NOT_FOUND', `there is no artifact '${id}'`);
      try {
        if (record.removed === undefined) {
          throw new HsError('CONFLICT', `'${record.name ?? id}' is not removed`);
        }
        for (const object of await wanted(session, record, indexes)) await tx.batch.reference(object);
        restored.push(record);
      } catch (e) {
        if (!(e instanceof HsError)) throw e;
        failed.push({ record, error: e });
      }
      session.progress.advance(1);
    }
    if (restored.length > 0) {
      const { trash_days } = (await session.policy(catalog)).retention;
      // The later of the two clocks: a collection may judge the pin by either.
      const now = Math.max(session.setClock ?? 0, session.clock.now());
      // Without a window, one day: long enough to pin it by hand.
      const until = toTimestamp(now + Math.max(1, trash_days) * DAY_MS);
      await tx.commit(() => ({
        type: 'artifacts_restored',
        payload: {
          artifacts: restored.length,
          size_bytes: restored.reduce((sum, r) => sum + r.size_bytes, 0),
          ...(options.run === undefined ? {} : { run: options.run }),
        },
        ops: restored.flatMap((r): LedgerOp[] => [
          { op: 'restore', artifact_id: r.artifact_id },
          ...(options.pin
            ? [
                {
                  op: 'pin' as const,
                  artifact_id: r.artifact_id,
                  name: RESTORED_PIN,
                  reason: 'restored; pinned for the trash window',
                  until,
                },
              ]
            : []),
        ]),
      }));
    }
    session.progress.done();
    return { restored, failed };
  });
}
