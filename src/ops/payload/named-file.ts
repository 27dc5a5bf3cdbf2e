import { escapeText } from '../../core/text/escape-control.js';
import { unlessAborted } from '../../core/unless-aborted.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import { readPipe } from '../../fsx/read-pipe.js';
import { chunksOf } from './chunks-of.js';

export interface NamedFile {
  readonly disk: Disk;
  readonly signal: AbortSignal;
  /** Absolute. */
  readonly path: string;
  /** How the user wrote it. */
  readonly typed: string;
}

/**
 * The bytes of a file that the user named: links are followed, and pipes are read, such as `<(…)` and /dev/stdin.
 * Payloads are read otherwise, and never through a link. NOT_FOUND, or UNSAFE_PATH for a directory or a socket.
 */
export async function* namedChunks({
  disk,
  signal,
  path,
  typed,
}: NamedFile): AsyncGenerator<Uint8Array, void> {
  const shown = `'${escapeText(typed)}'`;
  try {
    const { kind } = await disk.stat(path);
    if (kind === 'directory') throw new HsError('UNSAFE_PATH', `${shown} is a directory`);
    if (kind === 'other') return yield* pipeChunks(path, signal);
    const file = await disk.open(path, { access: 'read', follow: true });
    try {
      yield* chunksOf(file);
    } finally {
      await file.close();
    }
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR')) throw new HsError('NOT_FOUND', `${shown} does not exist`);
    if (isErrno(e, 'ELOOP')) throw new HsError('UNSAFE_PATH', `${shown} is a link that leads back to itself`);
    if (isErrno(e, 'EINVAL')) throw new HsError('UNSAFE_PATH', `${shown} is neither a file nor a pipe`);
    throw e;
  }
}

async function* pipeChunks(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  const pipe = await readPipe(path);
  try {
    const chunks = pipe[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await unlessAborted(chunks.next(), signal);
      if (done) return;
      yield value as Buffer;
    }
  } finally {
    pipe.destroy();
  }
}

/** All of it, at most `maxBytes`; beyond that HOSTILE_INPUT, or what `tooLarge` gives, without reading on. */
export async function readNamed(
  file: NamedFile,
  maxBytes: number,
  tooLarge = () =>
    new HsError('HOSTILE_INPUT', `'${escapeText(file.typed)}' is larger than ${maxBytes} bytes`),
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of namedChunks(file)) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
