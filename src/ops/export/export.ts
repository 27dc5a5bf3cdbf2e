import { resolve } from 'node:path';
import { ARCHIVE_TIME } from '../../core/bundle/archive-time.js';
import type { ExportFormat } from '../../core/ledger/export-formats.js';
import type { ExportRecord } from '../../core/ledger/payload.js';
import { labelOf } from '../../core/manifest/label-of.js';
import type { ArtifactId, ObjectId } from '../../core/objects/ids.js';
import { escapeText } from '../../core/text/escape-control.js';
import { recordText } from '../../core/text/ledger-text.js';
import { HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import { materialize } from '../materialize/materialize.js';
import type { PayloadEntry, PayloadSource } from '../payload/payload-source.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import { archive, verified } from './export-archive.js';
import { type Decision, decideExport, refusal } from './export-decision.js';
import { exportJournal, stagingJournal } from './export-journal.js';
import { type Purpose, purposeFields, purposeOf } from './export-purpose.js';
import { type ExportConfig, exportRecord, materializedPaths } from './export-record.js';
import type { ExportRequest } from './export-request.js';
import { recordedExports } from './recorded-export.js';

export interface Exported {
  readonly exportId: string;
  readonly artifactId: ArtifactId;
  readonly contentHash: ObjectId;
  readonly format: ExportFormat | 'stdout';
  /** Absolute, or `-`. */
  readonly target: string;
  readonly files: number;
  /** Of the files, before any archive is made of them. */
  readonly bytes: number;
  readonly replaced: boolean;
  readonly warnings: readonly string[];
}

/** What a dry run would have written. */
export interface ExportPlan {
  readonly artifactId: ArtifactId;
  readonly format: ExportFormat;
  readonly target: string;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly bytes: number;
}

/** Decides and looks, as an export would, and writes nothing: no file, no lease, no ledger entry (D5). */
export async function planExport(session: Session, request: ExportRequest): Promise<ExportPlan> {
  purposeOf(session, request);
  const decision = await decideExport(session, await session.catalog(), request);
  if (decision.objections.length > 0) throw refusal(decision);
  const { shape, placed, content } = decision;
  if (request.force !== true && placed.destination !== undefined) {
    const path = resolve(placed.destination.root, placed.destination.path);
    if (await exists(session, path)) {
      throw new HsError('DEST_EXISTS', `'${path}' exists already`, { hint: 'use --force to replace it' });
    }
  }
  const files = shape.entries.map((e) => ({ path: e.path, bytes: e.size }));
  return {
    artifactId: content.record.artifact_id,
    format: shape.format,
    target: placed.target,
    files,
    bytes: files.reduce((sum, f) => sum + f.bytes, 0),
  };
}

async function exists(session: Session, path: string): Promise<boolean> {
  try {
    await session.disk.lstat(path);
    return true;
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR')) return false;
    throw e;
  }
}

/**
 * Exports one artifact: decides, writes the decision to the ledger, materializes, and writes the export
 * record, whatever came of it (B5, B7). Errors: REFUSED, GUARD_BLOCKED and BUDGET before a byte is
 * written; those of materialize after.
 */
export async function exportArtifact(session: Session, request: ExportRequest): Promise<Exported> {
  return session.writeDecided(async (tx) => {
    const purpose = purposeOf(session, request);
    const exportId = session.random.uuid();
    const mtime = request.mtime ?? ARCHIVE_TIME;
    const config: ExportConfig = { with_manifest: request.withManifest === true, mtime };
    const { head } = await session.catalog();
    await tx.lease.journal(exportJournal({ exportId, afterSeq: head.seq, config }));
    // From the moment that the decision may be in the ledger: this command writes its record, or the next.
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
        throw refusal(decision);
      }
      let done: { replaced: boolean; warnings: readonly string[] };
      try {
        done = await write(session, tx, exportId, decision, request);
      } catch (cause) {
        const e = isHsError(cause, 'INTEGRITY') ? await damageIn(session, decision, cause) : cause;
        // Published, but perhaps not for good: the destination is there all the same.
        const outcome = isHsError(e, 'OUTCOME_UNKNOWN') ? 'done' : 'failed';
        await finish(outcome, { errors: [(e as Error).message] });
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

/** The door tells of a destination, but what did not match lies in the store: which object, and what helps. */
async function damageIn(session: Session, { content, shape }: Decision, e: HsError): Promise<HsError> {
  const { objects } = session.store;
  const isAnother = async ({ hash, size }: PayloadEntry) => (await objects.size(hash)) !== size;
  const isDamaged = async ({ hash }: PayloadEntry) => !(await objects.isSound(hash));
  // A size is soon asked; bytes are read again only where all have theirs.
  const entry = (await first(shape.entries, isAnother)) ?? (await first(shape.entries, isDamaged));
  if (entry === undefined) return e;
  if (await objects.has(entry.hash)) objects.mismatch(entry.hash);
  const label = escapeText(labelOf(content.record));
  const isFile = content.record.payload_type === 'file' && entry.hash === content.record.content_hash;
  const what = isFile ? 'its bytes are' : `its file '${escapeText(entry.path)}' is`;
  return new HsError('INTEGRITY', `cannot export '${label}': ${what} damaged in the store`, {
    hint: 'hs fsck tells what else is; hs hash-object -w FILE with the right bytes puts it right',
    details: { artifact_id: content.record.artifact_id, object_id: entry.hash },
    cause: e,
  });
}

async function first<T>(items: readonly T[], is: (item: T) => Promise<boolean>): Promise<T | undefined> {
  for (const item of items) if (await is(item)) return item;
  return undefined;
}

/** False: it cannot be written now, and is completed from the journal by the next writing command (B7). */
async function tryToRecord(session: Session, record: () => Promise<void>): Promise<boolean> {
  try {
    await record();
    return true;
  } catch (e) {
    if (!(e instanceof HsError) && !isErrno(e)) throw e;
    session.warn(`the export record could not be written, the next writing command will: ${e.message}`);
    return false;
  }
}

async function recordOutcome(
  session: Session,
  tx: Transaction,
  exportId: string,
  { config, purpose }: { readonly config: ExportConfig; readonly purpose: Purpose },
  { content, shape, placed, policyId, capability }: Decision,
  end: Pick<ExportRecord, 'outcome' | 'warnings' | 'errors'>,
): Promise<void> {
  const facts = {
    exportId,
    createdAt: session.now(),
    actor: session.actor,
    jobId: session.jobId,
    content,
    format: shape.format,
    config,
    target: placed.target,
    policyId,
    purpose,
  };
  const paths = materializedPaths(shape.format, placed.target, shape.entries);
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

/** The decision at the head, in the ledger before the first byte (B5); without it nothing is written. */
async function recordDecision(
  session: Session,
  tx: Transaction,
  exportId: string,
  request: ExportRequest,
  purpose: Purpose,
  onDecided: () => void,
): Promise<Decision> {
  let decision: Decision | undefined;
  await tx.commit(async (catalog) => {
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
  });
  return decision!;
}

async function write(
  session: Session,
  tx: Transaction,
  exportId: string,
  decision: Decision,
  request: ExportRequest,
): Promise<{ replaced: boolean; warnings: readonly string[] }> {
  const { shape, placed, isPrivate } = decision;
  const source = sourceOf(decision, request);
  session.progress.start(
    'exporting',
    shape.entries.reduce((sum, e) => sum + e.size, 0),
    'bytes',
  );
  if (placed.destination === undefined) {
    if (request.place.kind !== 'stdout') throw new HsError('BUG', 'an export without a destination');
    // B2: what went into a pipe cannot be taken back, so everything is compared before the first byte goes.
    for (const entry of shape.entries) for await (const _ of verified(entry)) session.signal.throwIfAborted();
    for await (const chunk of (source as Extract<PayloadSource, { type: 'file' }>).stream()) {
      session.signal.throwIfAborted();
      if (!(await request.place.write(chunk))) {
        return { replaced: false, warnings: ['whoever read standard output closed it before the end'] };
      }
      session.progress.advance(chunk.byteLength);
    }
    session.progress.done();
    return { replaced: false, warnings: [] };
  }
  const { home, cwd, umask } = session.environment;
  const { replaced, warnings } = await materialize(session.disk, source, placed.destination, {
    force: request.force === true,
    discardExisting: request.discardExisting === true,
    recorded: () => recordedExports(session, placed.target),
    umask,
    isPrivate,
    protect: {
      store: session.store.root,
      anchor: session.store.anchor.path,
      cwd,
      ...(home === undefined ? {} : { home }),
    },
    random: session.random,
    signal: session.signal,
    journal: (staging) => tx.lease.journal(stagingJournal(exportId, staging)),
    onUnfinished: () => tx.lease.abandon(),
    onFile: (bytes) => session.progress.advance(bytes),
  });
  session.progress.done();
  return { replaced, warnings };
}

function sourceOf({ shape, isPrivate, content, placed }: Decision, request: ExportRequest): PayloadSource {
  const { format, entries } = shape;
  if (format === 'dir') return { type: 'directory', entries };
  if (format === 'file') {
    const { content_hash: hash, size_bytes: size } = content.record;
    // Standard output has no door that compares: then the bytes are verified here.
    const [entry] = entries;
    const stream = placed.destination === undefined ? () => verified(entry!) : () => entry!.stream();
    return { type: 'file', hash, size, executable: entry!.executable, stream };
  }
  return {
    type: 'file',
    stream: () => archive(entries, { format, isPrivate, mtime: request.mtime ?? ARCHIVE_TIME }),
  };
}
