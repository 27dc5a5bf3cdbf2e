import type { ExportRecord } from '../../core/ledger/entry-types.js';
import { recordText } from '../../core/text/ledger-text.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { BuildDraft } from '../../store/ledger/commit.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import { type Decision, decideExport } from './decide-export.js';
import { type Purpose, purposeFields } from './export-purpose.js';
import { type ExportConfig, exportRecord, materializedPaths } from './export-record.js';
import type { ExportRequest } from './export-request.js';

/** False: it cannot be written now; the next writing command completes it from the journal (B7). */
export async function tryToRecord(session: Session, record: () => Promise<void>): Promise<boolean> {
  try {
    await record();
    return true;
  } catch (e) {
    if (!(e instanceof HsError) && !isErrno(e)) throw e;
    session.warn(`could not write the export record; the next command that writes will: ${e.message}`);
    return false;
  }
}

export async function recordOutcome(
  session: Session,
  tx: Transaction,
  exportId: string,
  { config, purpose }: { readonly config: ExportConfig; readonly purpose: Purpose },
  decision: Decision,
  end: Pick<ExportRecord, 'outcome' | 'warnings' | 'errors'>,
): Promise<void> {
  const { content, shape, placed, policyId, capability } = decision;
  const facts = {
    exportId,
    createdAt: session.now(),
    actor: session.actor,
    jobId: session.jobId,
    contents: [content],
    format: shape.format,
    config,
    target: placed.target,
    policyId,
    purpose,
  };
  const paths = end.outcome === 'done' ? await pathsOf(decision) : [];
  await tx.commit(
    () => ({
      type: 'export_record',
      payload: exportRecord(facts, end, paths),
      capability,
      decision: end.outcome === 'refused' ? 'deny' : 'allow',
    }),
    { records: true },
  );
}

async function pathsOf({ shape, placed }: Decision): Promise<string[]> {
  return materializedPaths(shape.format, placed.target, await shape.written());
}

/** The decision at the head, in the ledger before the first byte (B5); without it nothing is written. */
export async function recordDecision(
  session: Session,
  tx: Transaction,
  exportId: string,
  request: ExportRequest,
  purpose: Purpose,
  onDecided: () => void,
): Promise<Decision> {
  let decision: Decision | undefined;
  const build: BuildDraft = async (catalog) => {
    decision = await decideExport(session, catalog, request);
    session.signal.throwIfAborted();
    onDecided();
    return {
      type: 'export_decided',
      payload: {
        export_id: exportId,
        artifact_ids: [decision.content.record.artifact_id],
        export_format: decision.shape.format,
        export_target: decision.placed.target,
        ...purposeFields(purpose),
        policy_id: decision.policyId,
        consents: [...new Set(request.consents ?? [])].sort(),
        reasons: decision.objections.map((o) => recordText(o.why)),
      },
      capability: decision.capability,
      decision: decision.objections.length === 0 ? 'allow' : 'deny',
    };
  };
  // Refused, it writes nothing. The names in a layout are hashes, for which all of it would be read each time.
  const toCome = async () => {
    const { objections, shape } = decision!;
    return objections.length === 0 && shape.format !== 'oci' ? pathsOf(decision!) : [];
  };
  await tx.commit(build, { toCome });
  return decision!;
}
