import { resolve } from 'node:path';
import type { ExportFormat } from '../../core/ledger/export-formats.js';
import type { ArtifactId } from '../../core/objects/ids.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Session } from '../session/session.js';
import { decideExport, exportRefusal } from './decide-export.js';
import { purposeOf } from './export-purpose.js';
import type { ExportRequest } from './export-request.js';

/** The files an export would write. */
export interface ExportPlan {
  readonly artifactId: ArtifactId;
  readonly format: ExportFormat;
  readonly target: string;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly bytes: number;
}

/** Decides and checks as an export would, without writing: no file, no lease, no ledger entry (D5). */
export async function planExport(session: Session, request: ExportRequest): Promise<ExportPlan> {
  purposeOf(session, request);
  const decision = await decideExport(session, await session.catalog(), request);
  if (decision.objections.length > 0) throw exportRefusal(decision);
  const { shape, placed, content } = decision;
  if (request.force !== true && placed.destination !== undefined) {
    const path = resolve(placed.destination.root, placed.destination.path);
    if (await exists(session, path)) {
      throw new HsError('DEST_EXISTS', `'${path}' exists already`, { hint: 'use --force to replace it' });
    }
  }
  const files = (await shape.written()).map((e) => ({ path: e.path, bytes: e.size }));
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
