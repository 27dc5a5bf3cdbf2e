import type { ObjectId } from '../../core/objects/ids.js';
import { checkFilenameHint } from '../../core/paths/safe-path.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk, FileStat } from '../../fsx/disk.js';
import type { ByteSource } from '../../store/port/object-batch.js';
import type { Session } from '../session/session.js';
import type { ArtifactOptions } from './put-options.js';

/** Origin of a payload: a path (links in it are followed, since the user named it), or a stream. */
export type PutSource = ({ readonly path: string } | { readonly stream: ByteSource }) & {
  readonly filenameHint?: string;
  readonly expect?: ExpectedPayload;
};

/** What a payload has to be. */
export interface ExpectedPayload {
  /** That of the index, for a directory. */
  readonly contentHash?: ObjectId;
  /** The sum of its files, for a directory. */
  readonly sizeBytes?: number;
}

/** INTEGRITY if a payload is not the expected one. */
export function demandExpected(
  { expect }: PutSource,
  { contentHash, sizeBytes }: Required<ExpectedPayload>,
): void {
  const isHash = expect?.contentHash === undefined || expect.contentHash === contentHash;
  const isSize = expect?.sizeBytes === undefined || expect.sizeBytes === sizeBytes;
  if (isHash && isSize) return;
  const what = isHash
    ? `has ${sizeBytes} bytes instead of ${expect?.sizeBytes}`
    : `has the hash ${contentHash} instead of ${expect.contentHash}`;
  throw new HsError('INTEGRITY', `the payload ${what}`, {
    details: { content_hash: contentHash, size_bytes: sizeBytes },
  });
}

/** One payload. */
export interface Payload {
  readonly source: PutSource;
  /** Its name in the directory that was given. */
  readonly entry?: string;
  /** The listing of that directory says that it is a regular file; opening it proves it. */
  readonly isFile?: boolean;
}

/** One payload that becomes an artifact. */
export interface PutItem extends Payload {
  readonly options: ArtifactOptions;
  /** Its line in a batch, for errors. */
  readonly line?: number;
  /** What later items of a batch call it. */
  readonly ref?: string;
}

/** NOT_FOUND for a path that does not exist. */
export async function statSource(disk: Disk, path: string): Promise<FileStat> {
  try {
    return await disk.stat(path);
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR'))
      throw new HsError('NOT_FOUND', `'${escapeText(path)}' does not exist`);
    throw e;
  }
}

/** The source's own name for the payload. */
export async function hintOf(session: Session, { source, entry }: Payload): Promise<string | undefined> {
  if (source.filenameHint !== undefined) return source.filenameHint;
  if ('stream' in source) return undefined;
  // An entry is no link.
  const name = entry ?? (await session.disk.realpath(source.path)).split('/').pop();
  if (!name) return undefined;
  const { problem } = checkFilenameHint(name);
  if (problem === undefined) return name;
  // A hint is optional: an invalid one is dropped rather than refusing the payload.
  session.warn(`the file name '${escapeText(name)}' is not kept: ${problem.why}`);
  return undefined;
}
