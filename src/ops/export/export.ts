import { archiveTime } from '../../archive/archive-time.js';
import type { ExportRecord } from '../../core/ledger/entry-types.js';
import type { ExportFormat } from '../../core/ledger/export-formats.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import { recordText } from '../../core/text/ledger-text.js';
import { isHsError, messageOf } from '../../errors/hs-error.js';
import type { Session } from '../session/session.js';
import { damageIn } from './damaged-object.js';
import { exportRefusal } from './decide-export.js';
import { exportJournal } from './export-journal.js';
import { recordDecision, recordOutcome, tryToRecord } from './export-ledger.js';
import { purposeOf } from './export-purpose.js';
import type { ExportConfig } from './export-record.js';
import type { ExportRequest } from './export-request.js';
import { writeExport } from './write-export.js';

export interface Exported {
  readonly exportId: string;
  readonly artifactId: ArtifactId;
  readonly contentHash: ObjectId;
  readonly format: ExportFormat | 'stdout';
  /** Absolute, or `-`. */
  readonly target: string;
  readonly files: number;
  /** Total bytes of the files, before archiving. */
  readonly bytes: number;
  readonly replaced: boolean;
  readonly warnings: readonly string[];
}

/**
 * Exports one artifact: decides, writes the decision to the ledger, materializes, and writes the export record whatever
 * the outcome (B5, B7). Errors before a byte is written: REFUSED, GUARD_BLOCKED and BUDGET; after that, those of
 * materialize.
 */
export async function exportArtifact(session: Session, request: ExportRequest): Promise<Exported> {
  return session.writeDecided(async (tx) => {
    const purpose = purposeOf(session, request);
    const exportId = session.random.uuid();
    const mtime = archiveTime(request.mtime);
    const config: ExportConfig = { with_manifest: request.withManifest === true, mtime };
    const { head } = await session.catalog();
    await tx.lease.journal(exportJournal({ exportId, afterSeq: head.seq, config }));
    // Once the decision may be in the ledger, this command or the next one writes its record.
    let owesRecord = false;
    try {
      const decision = await recordDecision(session, tx, exportId, request, purpose, () => {
        owesRecord = true;
      });
      const { content, shape, placed } = decision;
      const finish = async (
        outcome: ExportRecord['outcome'],
        said: { warnings?: readonly string[]; errors?: string[] },
      ) => {
        const end = {
          outcome,
          warnings: (said.warnings ?? []).map((w) => recordText(w)),
          errors: (said.errors ?? []).map((e) => recordText(e)),
        };
        const recorded = await tryToRecord(session, () =>
          recordOutcome(session, tx, exportId, { config, purpose }, decision, end),
        );
        owesRecord = !recorded;
      };
      if (decision.objections.length > 0) {
        await finish('refused', { errors: decision.objections.map((o) => o.why) });
        throw exportRefusal(decision);
      }
      let done: { replaced: boolean; warnings: readonly string[] };
      try {
        done = await writeExport(session, tx, exportId, decision, request);
      } catch (cause) {
        const e = isHsError(cause, 'INTEGRITY') ? await damageIn(session, decision, cause) : cause;
        // Published, though perhaps not durably: the destination exists.
        const outcome = isHsError(e, 'OUTCOME_UNKNOWN') ? 'done' : 'failed';
        await finish(outcome, { errors: [messageOf(e)] });
        throw e;
      }
      await finish('done', { warnings: done.warnings });
      return {
        exportId,
        artifactId: content.record.artifact_id,
        contentHash: content.record.content_hash,
        format: placed.destination === undefined ? 'stdout' : shape.format,
        target: placed.target,
        files: shape.entries.length,
        bytes: shape.entries.reduce((sum, e) => sum + e.size, 0),
        ...done,
      };
    } finally {
      if (owesRecord) tx.lease.abandon();
    }
  });
}
