import type { Catalog } from '../../core/catalog/catalog.js';
import type { ExportTarget } from '../../core/guard/target-kinds.js';
import type { Json } from '../../core/json/canonical.js';
import type { LedgerEntry } from '../../core/ledger/entry.js';
import type { EntryPayload } from '../../core/ledger/entry-types.js';
import { EXPORT_FORMATS, type ExportFormat } from '../../core/ledger/export-formats.js';
import { recordText } from '../../core/text/ledger-text.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import { type BegunExport, journaledExports } from '../export/export-journal.js';
import type { Purpose } from '../export/export-purpose.js';
import { exportRecord, materializedPaths, storeFormat } from '../export/export-record.js';
import { writtenFiles } from '../export/written-files.js';
import type { StagingOutcome } from '../materialize/settle-staging.js';
import type { StagingRecord } from '../materialize/staging-journal.js';
import { type Content, readContent } from '../payload/read-content.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import { finishRuns } from './finish-run.js';
import { recoverStaging } from './finish-staging.js';

/**
 * Completes or undoes outside the store what the journal of a dead lease says was begun, and completes the records of
 * exports (B7) and runs, each in a separate transaction. `token` names the dead lease.
 */
export async function finishJournal(
  session: Session,
  tx: Transaction,
  token: string,
  journal: readonly Json[],
): Promise<void> {
  for (const begun of journaledExports(journal)) {
    await tx.apart((apart) => finishExport(session, apart, begun));
  }
  await finishRuns(session, tx, token, journal);
}

async function finishExport(session: Session, tx: Transaction, begun: BegunExport): Promise<void> {
  const outside = begun.staging && (await recoverOutside(session, begun.staging));
  if (outside?.kept !== undefined) {
    session.warn(
      `the directory that an interrupted export was replacing was changed, or its name was taken: it is now '${outside.kept}'`,
    );
  }
  await tx.commit(
    async (catalog) => {
      const found = await findExport(session, begun, catalog.head.seq);
      if (found === undefined) return null;
      const { entry, decided } = found;
      const payload = await completed(session, catalog, begun, entry, decided, outside?.published === true);
      return {
        type: 'export_record',
        payload,
        ...(entry.capability_id === undefined ? {} : { capability: entry.capability_id }),
        decision: payload.outcome === 'refused' ? 'deny' : 'allow',
      };
    },
    { records: true },
  );
}

async function recoverOutside(session: Session, staging: StagingRecord): Promise<StagingOutcome> {
  try {
    return await recoverStaging(session.disk, staging);
  } catch (cause) {
    if (!isErrno(cause)) throw cause;
    throw new HsError('SYSTEM', `beside '${staging.path}': ${cause.message}`, { cause });
  }
}

interface Decided {
  readonly entry: LedgerEntry;
  readonly decided: EntryPayload<'export_decided'>;
}

/** The decision of an export that has no record yet. */
async function findExport(
  session: Session,
  { exportId, afterSeq }: BegunExport,
  head: number,
): Promise<Decided | undefined> {
  const { store } = session;
  let found: Decided | undefined;
  for (let seq = afterSeq + 1; seq <= head; seq++) {
    const { entry } = await store.ledger.read(seq);
    if (entry.type !== 'export_decided' && entry.type !== 'export_record') continue;
    const payload = await store.payloadOf(entry);
    if (!('export_id' in payload) || payload.export_id !== exportId) continue;
    if (entry.type === 'export_record') return undefined;
    found = { entry, decided: payload as EntryPayload<'export_decided'> };
  }
  return found;
}

/** The fields of the decision that its record must repeat. */
function purposeOf(decided: EntryPayload<'export_decided'>): Purpose {
  const { export_target_kind: kind, export_platform: platform, display_projection_ref: ref } = decided;
  const target: ExportTarget | undefined =
    kind === 'platform' ? { kind, platform: platform! } : kind === undefined ? undefined : { kind };
  return { target, displayProjectionRef: ref };
}

async function completed(
  session: Session,
  catalog: Catalog,
  { exportId, config }: BegunExport,
  entry: LedgerEntry,
  decided: EntryPayload<'export_decided'>,
  published: boolean,
) {
  const contents: Content[] = [];
  for (const id of decided.artifact_ids) {
    contents.push(await readContent(session.store.objects, (await catalog.get(id))!));
  }
  const isCopy = decided.export_format === 'store';
  const format: ExportFormat = EXPORT_FORMATS.find((f) => f === decided.export_format) ?? 'file';
  const facts = {
    exportId,
    createdAt: entry.set_clock ?? entry.at,
    actor: { type: entry.actor, id: entry.actor_id },
    jobId: entry.job_id,
    contents,
    format: isCopy ? storeFormat(session.store) : format,
    config,
    target: decided.export_target,
    policyId: decided.policy_id,
    purpose: purposeOf(decided),
  };
  const outcome = entry.decision === 'deny' ? 'refused' : published ? 'done' : 'interrupted';
  const end = {
    outcome: outcome as 'refused' | 'done' | 'interrupted',
    warnings:
      outcome === 'done'
        ? [recordText('it ended before it was recorded; a later command wrote this record')]
        : [],
    errors:
      outcome === 'refused'
        ? decided.reasons
        : outcome === 'done'
          ? []
          : ['it ended before it was known to be done; a later command wrote this record'],
  };
  const written =
    outcome === 'done' ? await writtenFiles(session, contents[0]!, format, config.with_manifest) : [];
  return exportRecord(facts, end, materializedPaths(format, decided.export_target, written));
}
