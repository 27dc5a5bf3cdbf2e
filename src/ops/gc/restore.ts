import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { DAY_MS } from '../../core/duration.js';
import type { LedgerOp } from '../../core/ledger/operation.js';
import { labelOf } from '../../core/manifest/label-of.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import { untilOf } from '../../core/retention/rule.js';
import { HsError } from '../../errors/hs-error.js';
import { namesOf } from '../../store/collector/mark.js';
import { IndexReader } from '../../store/objects/index-reader.js';
import { missingAmong, presenceOf } from '../../store/objects/known-objects.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';

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
  const { objects } = session.store;
  return isWhole(await objectsNamed(record, new IndexReader(objects)), (id) => objects.has(id));
}

/** Those of these removed artifacts that `hs restore` could restore now; asks once for the objects of all. */
export async function restorableAmong(
  session: Session,
  records: readonly ArtifactRecord[],
): Promise<ReadonlySet<ArtifactId>> {
  const indexes = new IndexReader(session.store.objects);
  const named: NamedObjects[] = [];
  for (const record of records) named.push(await objectsNamed(record, indexes));
  const isThere = await presenceOf(session.store, allOf(named));
  const found = new Set<ArtifactId>();
  for (const each of named) if (await isWhole(each, isThere)) found.add(each.record.artifact_id);
  return found;
}

async function isWhole(
  { ids, isReadable }: NamedObjects,
  isThere: (id: ObjectId) => Promise<boolean>,
): Promise<boolean> {
  if (!isReadable) return false;
  // The first that is gone decides: each look for one that is gone may list a service.
  for (const id of ids) if (!(await isThere(id))) return false;
  return true;
}

/** All objects of a removed artifact. */
interface NamedObjects {
  readonly record: ArtifactRecord;
  readonly ids: ReadonlySet<ObjectId>;
  /** False: its index is damaged. */
  readonly isReadable: boolean;
}

async function objectsNamed(record: ArtifactRecord, indexes: IndexReader): Promise<NamedObjects> {
  const ids = new Set<ObjectId>();
  const isReadable = await namesOf(record, indexes, (id) => ids.add(id));
  return { record, ids, isReadable };
}

/** Why an artifact cannot be restored, if objects are gone or its index is damaged. */
function restoreRefusal(
  { record, ids, isReadable }: NamedObjects,
  gone: ReadonlySet<ObjectId>,
): HsError | undefined {
  const missing = gone.size === 0 ? [] : [...ids].filter((id) => gone.has(id));
  if (missing.length === 0 && isReadable) return undefined;
  const why =
    missing.length === 0
      ? 'its index is damaged'
      : `${missing.length} of ${ids.size} objects are gone, including '${missing[0]}'`;
  return new HsError('OBJECT_MISSING', `cannot restore '${labelOf(record)}': ${why}`, {
    hint:
      missing.length === 0
        ? 'hs fsck lists all damage'
        : record.removed?.purge
          ? 'it was removed without a trash window'
          : 'the trash was emptied since, the same bytes were removed for good with another artifact, or they were ' +
            'missing before: see hs fsck',
    details: { artifact_id: record.artifact_id, missing: missing.slice(0, 100) },
  });
}

/** Of more than this part of what was removed, a look at each record costs less than a lookup. */
const MANY = 20;

/** The records of artifacts, in the order of the ids. NOT_FOUND for one that never was. */
async function recordsOf(catalog: Catalog, ids: ReadonlySet<ArtifactId>): Promise<ArtifactRecord[]> {
  const removed = new Map<ArtifactId, ArtifactRecord>();
  if (ids.size * MANY > catalog.counts.removed) {
    for await (const record of catalog.removed()) {
      if (ids.has(record.artifact_id)) removed.set(record.artifact_id, record);
    }
  }
  const records: ArtifactRecord[] = [];
  for (const id of ids) {
    const record = removed.get(id) ?? (await catalog.get(id));
    if (record === undefined) throw new HsError('NOT_FOUND', `there is no artifact '${id}'`);
    records.push(record);
  }
  return records;
}

function* allOf(named: readonly NamedObjects[]): Generator<ObjectId> {
  for (const { ids } of named) yield* ids;
}

/** Brings the objects of artifacts back into use; `fail` is told of an artifact with one that is damaged. */
async function bringBack(
  { batch }: Transaction,
  all: readonly NamedObjects[],
  fail: (record: ArtifactRecord, error: HsError) => void,
): Promise<ArtifactRecord[]> {
  try {
    await batch.referenceAll(allOf(all));
    return all.map(({ record }) => record);
  } catch (e) {
    if (!(e instanceof HsError)) throw e;
  }
  const restored: ArtifactRecord[] = [];
  for (const { record, ids } of all) {
    try {
      for (const id of ids) await batch.reference(id);
      restored.push(record);
    } catch (e) {
      if (!(e instanceof HsError)) throw e;
      fail(record, e);
    }
  }
  return restored;
}

/** Brings back the objects of those of these artifacts that can be restored, durable once the batch is published. */
async function prepare(
  session: Session,
  tx: Transaction,
  records: readonly ArtifactRecord[],
): Promise<Restored> {
  const indexes = new IndexReader(session.store.objects);
  const failed: Restored['failed'][number][] = [];
  const named: NamedObjects[] = [];
  for (const record of records) {
    if (record.removed === undefined) {
      const error = new HsError('CONFLICT', `'${record.name ?? record.artifact_id}' is not removed`);
      failed.push({ record, error });
    } else named.push(await objectsNamed(record, indexes));
  }
  const gone = await missingAmong(session.store, new Set(allOf(named)));
  const whole: NamedObjects[] = [];
  for (const each of named) {
    const error = restoreRefusal(each, gone);
    if (error === undefined) whole.push(each);
    else failed.push({ record: each.record, error });
  }
  const restored = await bringBack(tx, whole, (record, error) => failed.push({ record, error }));
  return { restored, failed };
}

/** Removed by the same entry, and hence made of the same objects. */
const areSame = (
  records: readonly ArtifactRecord[],
  before: readonly ArtifactRecord[] | undefined,
): boolean =>
  before !== undefined && records.every(({ removed }, i) => removed?.seq === before[i]!.removed?.seq);

/**
 * Restores removed artifacts, all that can be restored in one commit: first their objects, durably, then the entry,
 * with a pin for the trash window (D7). What they are made of is asked again at each head: another command may have
 * restored, revised and removed one meanwhile.
 */
export async function restore(
  session: Session,
  ids: readonly ArtifactId[],
  options: RestoreOptions,
): Promise<Restored> {
  return session.write('artifact.restore', ids, async (tx) => {
    session.progress.start('bringing back', ids.length, 'artifacts');
    let records: readonly ArtifactRecord[] | undefined;
    let result: Restored = { restored: [], failed: [] };
    await tx.commit(async (catalog) => {
      const now = await recordsOf(catalog, new Set(ids));
      if (!areSame(now, records)) result = await prepare(session, tx, now);
      records = now;
      const { restored } = result;
      if (restored.length === 0) return null;
      const { trash_days } = (await session.policy(catalog)).retention;
      // The later of the two clocks: a collection may judge the pin by either.
      const clock = Math.max(session.setClock ?? 0, session.clock.now());
      // Without a window, one day: long enough to pin it by hand.
      const until = untilOf(clock + Math.max(1, trash_days) * DAY_MS);
      return {
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
                  ...(until === undefined ? {} : { until }),
                },
              ]
            : []),
        ]),
      };
    });
    session.progress.advance(ids.length);
    session.progress.done();
    return result;
  });
}
