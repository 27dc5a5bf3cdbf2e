import type { FaultList } from '../../core/handshake/fault.js';
import { PortabilityCheck, portabilityText } from '../../core/paths/portability.js';
import { checkPath } from '../../core/paths/safe-path.js';
import { escapeText } from '../../core/text/escape-control.js';
import { isErrno, isHsError } from '../../errors/hs-error.js';
import type { DiskFile } from '../../fsx/disk.js';
import type { SafeDir } from '../../fsx/safe-dir.js';
import { chunksOf } from '../payload/chunks-of.js';

/** One file of a payload; consume it before requesting the next. */
export interface PayloadFile {
  /** Relative to the payload; '' for a file payload. */
  readonly path: string;
  /** Stat at the time it was opened. */
  readonly size: number;
  readonly executable: boolean;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Each level holds a descriptor; no real workspace is nearly that deep. */
const MAX_DEPTH = 128;

/** Reads a small file, at most its size when it was examined. */
export function wholeFile(file: DiskFile, size: number): Promise<Uint8Array> {
  return whole(chunksOf(file, size));
}

/** Passes the chunks through and calls `onBytes` for each; `onBytes` may throw to stop. */
export async function* countingBytes(
  content: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    onBytes(chunk.byteLength);
    yield chunk;
  }
}

export async function whole(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts);
}

/**
 * Calls `take` for each file of the payload `name` in `dir`, following no link; problems are added to `faults`. Returns
 * the payload's type; undefined if it does not exist, or is neither file nor directory.
 */
export async function payloadFiles(
  dir: SafeDir,
  name: string,
  faults: FaultList,
  take: (file: PayloadFile) => Promise<void>,
): Promise<'file' | 'directory' | undefined> {
  const stat = await dir.lstat(name);
  if (stat === undefined) {
    faults.add('payload-missing', 'there is no payload');
    return undefined;
  }
  if (stat.kind === 'file') return (await takeFile(dir, name, '', faults, take)) ? 'file' : undefined;
  if (stat.kind !== 'directory') {
    faults.add('unsafe-path', 'its payload is a link or a special file');
    return undefined;
  }
  const walk = new Walk(faults, take);
  await walk.enter(dir, name, '', 1);
  return 'directory';
}

async function takeFile(
  dir: SafeDir,
  name: string,
  path: string,
  faults: FaultList,
  take: (file: PayloadFile) => Promise<void>,
): Promise<boolean> {
  let file: DiskFile;
  try {
    file = await dir.openFile(name);
  } catch (e) {
    if (!isErrno(e, 'ELOOP', 'EINVAL', 'ENOENT', 'EACCES')) throw e;
    const shown = escapeText(path || name);
    if (isErrno(e, 'EACCES', 'ENOENT')) faults.add('unreadable', `'${shown}' cannot be read: ${e.code}`);
    else faults.add('unsafe-path', `'${shown}' is a link or a special file`);
    return false;
  }
  try {
    const { size, mode } = await file.stat();
    await take({ path, size, executable: (mode & 0o100) !== 0, content: chunksOf(file, size) });
    return true;
  } finally {
    await file.close();
  }
}

class Walk {
  readonly #faults: FaultList;
  readonly #take: (file: PayloadFile) => Promise<void>;
  readonly #portability = new PortabilityCheck();

  constructor(faults: FaultList, take: (file: PayloadFile) => Promise<void>) {
    this.#faults = faults;
    this.#take = take;
  }

  #refuse(path: string, why: string): void {
    this.#faults.add('unsafe-path', `'${escapeText(path)}' is refused: ${why}`);
  }

  async enter(parent: SafeDir, name: string, prefix: string, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) return this.#refuse(prefix, `it lies deeper than ${MAX_DEPTH} directories`);
    let dir: SafeDir;
    try {
      dir = await parent.child(name);
    } catch (e) {
      if (!isHsError(e, 'UNSAFE_PATH', 'DEST_EXISTS') && !isErrno(e, 'ENOENT', 'EACCES')) throw e;
      if (isErrno(e))
        return this.#faults.add('unreadable', `'${escapeText(prefix || name)}' cannot be read: ${e.code}`);
      return this.#refuse(prefix || name, 'it is a link');
    }
    try {
      const entries = (await dir.readdir()).sort((a, b) => Buffer.compare(a.bytes, b.bytes));
      if (entries.length === 0 && prefix !== '')
        this.#faults.add('empty-directory', `'${escapeText(prefix)}' is empty and left out`);
      for (const { name: entry, kind } of entries) {
        if (entry === undefined) this.#refuse(`${prefix}?`, 'its name is not UTF-8');
        else await this.#visit(dir, entry, kind, `${prefix}${entry}`, depth);
      }
    } finally {
      await dir.close();
    }
  }

  async #visit(dir: SafeDir, name: string, kind: string, text: string, depth: number): Promise<void> {
    const { path, problem } = checkPath(text);
    if (problem !== undefined) return this.#refuse(text, problem.why);
    if (kind === 'directory') return this.enter(dir, name, `${path}/`, depth + 1);
    if (kind !== 'file') return this.#refuse(path, 'it is a link or a special file');
    for (const found of this.#portability.add(path))
      this.#faults.add(
        'unportable-name',
        `'${escapeText(path)}' is not portable (${portabilityText(found)})`,
      );
    await takeFile(dir, name, path, this.#faults, this.#take);
  }
}
