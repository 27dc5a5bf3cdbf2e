import * as z from 'zod/mini';
import type { Catalog } from '../../core/catalog/catalog.js';
import type { Json } from '../../core/json/canonical.js';
import { natural, uuid } from '../../core/json/schema.js';
import type { LedgerEntry } from '../../core/ledger/entry.js';
import { EXPORT_FORMATS, type ExportFormat } from '../../core/ledger/export-formats.js';
import type { EntryPayload } from '../../core/ledger/payload.js';
import { recordText } from '../../core/text/ledger-text.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import { commit } from '../../store/ledger/commit.js';
import { addManifest, readContent } from '../export/export-content.js';
import { type ExportConfig, exportRecord, materializedPaths } from '../export/export-record.js';
import { commitContext } from '../export/export-transaction.js';
import type { StagingOutcome } from '../materialize/settle-staging.js';
import { type StagingRecord, toStagingRecord } from '../materialize/staging-journal.js';
import type { Session } from '../session/session.js';
import { finishRuns } from './finish-run.js';
import { recoverStaging } from './finish-staging.js';

const exportBegun = z.strictObject({
  journal: z.literal('export'),
  export_id: uuid,
  after_seq: natural,
  config: z.strictObject({ with_manifest: z.boolean(), mtime: natural }),
});
const staged = z.strictObject({ journal: z.literal('staging'), export_id: uuid, staging: z.unknown() });

interface Begun {
  readonly exportId: string;
  readonly afterSeq: number;
  readonly config: ExportConfig;
  /** What was last said of the world outside; nothing was begun there without it. */
  staging?: StagingRecord;
}

/** The exports that a journal speaks of, each with what it last said. */
function begunExports(journal: readonly Json[]): Begun[] {
  const begun = new Map<string, Begun>();
  for (const line of journal) {
    const start = z.safeParse(exportBegun, line);
    if (start.success) {
      const { export_id: exportId, after_seq: afterSeq, config } = start.data;
      begun.set(exportId, { exportId, afterSeq, config });
      continue;
    }
    const stage = z.safeParse(staged, line);
    const owner = stage.success ? begun.get(stage.data.export_id) : undefined;
    if (stage.success && owner !== undefined) owner.staging = toStagingRecord(stage.data.staging);
  }
  return [...begun.values()];
}

/** The destinations beside which a journal's exports may have left something. */
export function journaledDestinations(journal: readonly Json[]): string[] {
  return begunExports(journal).flatMap(({ staging }) => staging?.path ?? []);
}

/**
 * Finishes or undoes, in the world outside the store, what the journal of a dead lease says was begun,
 * and completes the export records (B7). `token` names the dead lease, with which goes what is staged here.
 */
export async function finishJournal(
  session: Session,
  token: string,
  journal: readonly Json[],
): Promise<void> {
  for (const one of begunExports(journal)) await finishExport(session, token, one);
  await finishRuns(session, token, journal);
}

async function finishExport(session: Session, token: string, begun: Begun): Promise<void> {
  const outside = begun.staging && (await recoverOutside(session, begun.staging));
  if (outside?.kept !== undefined) {
    session.warn(
      `what an interrupted export was replacing was changed meanwhile, or its name was taken: it is now '${outside.kept}'`,
    );
  }
  const { store } = session;
  const batch = store.batch(token);
  try {
    await commit(store, batch, commitContext(session), async (catalog) => {
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
    });
  } finally {
    await batch.discard();
  }
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
  { exportId, afterSeq }: Begun,
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

async function completed(
  session: Session,
  catalog: Catalog,
  { exportId, config }: Begun,
  entry: LedgerEntry,
  decided: EntryPayload<'export_decided'>,
  published: boolean,
) {
  const { objects } = session.store;
  const record = catalog.get(decided.artifact_ids[0]!)!;
  const content = await readContent(objects, record);
  const format: ExportFormat = EXPORT_FORMATS.find((f) => f === decided.export_format) ?? 'file';
  const entries = content.entries ?? [];
  const facts = {
    exportId,
    createdAt: entry.set_clock ?? entry.at,
    actor: { type: entry.actor, id: entry.actor_id },
    jobId: entry.job_id,
    content,
    format,
    config,
    target: decided.export_target,
    policyId: decided.policy_id,
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
  const written = config.with_manifest ? addManifest(objects, entries, record) : entries;
  return exportRecord(facts, end, materializedPaths(format, decided.export_target, written));
}
