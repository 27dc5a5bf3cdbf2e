import { HsError } from '../../errors/hs-error.js';
import { materialize } from '../materialize/materialize.js';
import type { PayloadSource } from '../payload/payload-source.js';
import type { Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';
import type { Decision } from './decide-export.js';
import { archive, verified } from './export-archive.js';
import { stagingJournal } from './export-journal.js';
import type { ExportRequest } from './export-request.js';
import { recordedExports } from './recorded-export.js';

/** Writes a decided export to its destination or to standard output. */
export async function writeExport(
  session: Session,
  tx: Transaction,
  exportId: string,
  decision: Decision,
  request: ExportRequest,
): Promise<{ replaced: boolean; warnings: readonly string[] }> {
  const { shape, placed, isPrivate } = decision;
  const source = await sourceOf(decision, request);
  session.progress.start(
    'exporting',
    shape.entries.reduce((sum, e) => sum + e.size, 0),
    'bytes',
  );
  if (placed.destination === undefined) {
    if (request.place.kind !== 'stdout') throw new HsError('BUG', 'an export without a destination');
    // B2: bytes in a pipe cannot be taken back, so everything is verified before the first byte is written.
    for (const entry of shape.entries) for await (const _ of verified(entry)) session.signal.throwIfAborted();
    for await (const chunk of (source as Extract<PayloadSource, { type: 'file' }>).stream()) {
      session.signal.throwIfAborted();
      if (!(await request.place.write(chunk))) {
        return { replaced: false, warnings: ['the reader of standard output closed it before the end'] };
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
    recorded: () => recordedExports(session, placed.target, { exportId, lease: tx.lease.token }),
    umask,
    isPrivate,
    protect: {
      store: session.store.local.directory,
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

async function sourceOf(
  { shape, isPrivate, content, placed }: Decision,
  request: ExportRequest,
): Promise<PayloadSource> {
  const { format, entries } = shape;
  if (format === 'dir' || format === 'oci') return { type: 'directory', entries: await shape.written() };
  if (format === 'file') {
    const { content_hash: hash, size_bytes: size } = content.record;
    // Standard output bypasses materialize, so the bytes are verified here.
    const [entry] = entries;
    const stream = placed.destination === undefined ? () => verified(entry!) : () => entry!.stream();
    return { type: 'file', hash, size, executable: entry!.executable, stream };
  }
  return {
    type: 'file',
    stream: () => archive(entries, { format, isPrivate, mtime: request.mtime }),
  };
}
