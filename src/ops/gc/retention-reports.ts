import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import type { Catalog } from '../../core/catalog/catalog.js';
import { DAY_MS } from '../../core/duration.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { EntryPayload } from '../../core/ledger/entry-types.js';
import { type ArtifactId, type Timestamp, timestampMs, toTimestamp } from '../../core/objects/ids.js';
import {
  decodeReport,
  MAX_REPORT_BYTES,
  REPORT_NAME,
  type RetentionReport,
} from '../../core/retention/report.js';
import { HsError } from '../../errors/hs-error.js';
import { demandRead } from '../guard/read-gate.js';
import { resolveArtifact } from '../naming/resolve-artifact.js';
import type { Session } from '../session/session.js';
import { objectsOfAll } from './payload-presence.js';
import { restorableAmong } from './restore.js';

export interface ReportRow extends EntryPayload<'meta.gc_summary'> {
  readonly seq: number;
  readonly at: Timestamp;
  /** `type:id`. */
  readonly actor: string;
  /** Number of removed artifacts that are still removed. */
  readonly removed_still: number;
  /** Of these, the ones that cannot be brought back any more. */
  readonly irreversible: number;
}

/** The part of a collection that can still be undone. */
export interface ReportUndo {
  /** Time of the removal, by the system clock. */
  readonly at: Timestamp;
  /** When its trash may be purged; absent if the policy gave no window. */
  readonly trash_until?: Timestamp;
  /** Still removed, and can be brought back. */
  readonly restorable: readonly ArtifactId[];
  /** Still removed, and cannot be brought back. */
  readonly irreversible: readonly ArtifactId[];
}

/** The collections whose reports still exist, newest first. */
export async function listReports(session: Session): Promise<ReportRow[]> {
  const catalog = await session.catalog();
  const removed = await catalog.removed().all();
  const objects = await objectsOfAll(session, removed);
  const still = new Map<number, { removed: number; lost: number }>();
  for (const record of removed) {
    const sum = still.get(record.removed!.seq) ?? { removed: 0, lost: 0 };
    const lost = objects(record).damaged ? 1 : 0;
    still.set(record.removed!.seq, { removed: sum.removed + 1, lost: sum.lost + lost });
  }
  const rows: ReportRow[] = [];
  for await (const record of catalog.named(REPORT_NAME)) {
    const { entry } = await session.store.ledger.read(record.registered.seq);
    if (entry.type !== 'meta.gc_summary') continue;
    const summary = (await session.store.payloadOf(entry)) as EntryPayload<'meta.gc_summary'>;
    rows.push({
      ...summary,
      seq: entry.seq,
      at: entry.at,
      actor: `${entry.actor}:${entry.actor_id}`,
      removed_still: still.get(entry.seq)?.removed ?? 0,
      irreversible: still.get(entry.seq)?.lost ?? 0,
    });
  }
  return rows;
}

async function undoOf(
  session: Session,
  catalog: Catalog,
  { registered }: ArtifactRecord,
  { header, items }: RetentionReport,
): Promise<ReportUndo> {
  const removed: ArtifactRecord[] = [];
  for (const { artifact_id: id, verdict } of items) {
    const record = verdict === 'prune' ? await catalog.get(id) : undefined;
    if (record?.removed?.seq === registered.seq) removed.push(record);
  }
  const whole = await restorableAmong(session, removed);
  const ids = removed.map((record) => record.artifact_id);
  const restorable = ids.filter((id) => whole.has(id));
  const irreversible = ids.filter((id) => !whole.has(id));
  const days = header.trash_days;
  const until = days === 0 ? undefined : toTimestamp(timestampMs(registered.at) + days * DAY_MS);
  return compact({ at: registered.at, trash_until: until, restorable, irreversible });
}

/** One report as stored in its artifact, and what can still be undone of it. */
export async function readReport(
  session: Session,
  typed: string,
): Promise<{ readonly record: ArtifactRecord; readonly report: RetentionReport; readonly undo: ReportUndo }> {
  return session.read(async (catalog) => {
    const record = await resolveArtifact(catalog, typed, { listedBy: 'hs report' });
    if (record.kind !== 'report' || record.name !== REPORT_NAME) {
      throw new HsError('NOT_FOUND', `'${typed}' is not a retention report`, {
        hint: 'hs report lists the reports',
      });
    }
    await demandRead(session, catalog, record);
    const report = decodeReport(await session.store.objects.read(record.content_hash, MAX_REPORT_BYTES));
    return { record, report, undo: await undoOf(session, catalog, record, report) };
  });
}
