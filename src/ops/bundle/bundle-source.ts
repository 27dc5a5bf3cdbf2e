import { type ArchiveLimits, DEFAULT_LIMITS } from '../../archive/archive-limits.js';
import { PortabilityCheck, portabilityText } from '../../core/paths/portability.js';
import { checkPath, type SafePath } from '../../core/paths/safe-path.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import { SafeDir } from '../../fsx/safe-dir.js';
import { chunksOf } from '../payload/chunks-of.js';
import { namedChunks } from '../payload/named-file.js';

/** One file of a bundle from outside the store. */
export interface BundleFile {
  readonly path: SafePath;
  readonly size: number;
  readonly executable: boolean;
  /** Must be consumed once, before the next file is requested. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** A path, or the bytes of an archive. */
export type BundleSource = string | AsyncIterable<Uint8Array>;

export type BundleReading = Partial<ArchiveLimits> & {
  /** Ends the wait for a pipe. */
  readonly signal?: AbortSignal;
};

/**
 * The files of a bundle: a tar or a tar.gz, in a file or a pipe, or the directory of an export. All of it is hostile
 * input.
 */
export async function* readBundle(
  disk: Disk,
  source: BundleSource,
  { signal = new AbortController().signal, ...limits }: BundleReading = {},
): AsyncGenerator<BundleFile, void, undefined> {
  if (typeof source !== 'string') return yield* filesOf(source, limits);
  if (!(await namesDirectory(disk, source))) {
    return yield* filesOf(namedChunks({ disk, signal, path: source, typed: source }), limits);
  }
  const dir = await SafeDir.open(disk, source);
  try {
    yield* walk(dir, '', new DirectoryGate({ ...DEFAULT_LIMITS, ...limits }));
  } finally {
    await dir.close();
  }
}

async function* filesOf(
  bytes: AsyncIterable<Uint8Array>,
  options: Partial<ArchiveLimits>,
): AsyncGenerator<BundleFile, void, undefined> {
  const { readArchive } = await import('../../archive/read-archive.js');
  for await (const entry of readArchive(bytes, options)) if (entry.kind === 'file') yield entry;
}

/** False where there is nothing, too: who reads it says so. */
async function namesDirectory(disk: Disk, path: string): Promise<boolean> {
  try {
    return (await disk.stat(path)).kind === 'directory';
  } catch (e) {
    if (!isErrno(e, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw e;
    return false;
  }
}

function refused(entry: string, why: string): HsError {
  return new HsError('HOSTILE_INPUT', `bundle file '${escapeText(entry)}' is refused: ${why}`, {
    details: { entry: escapeText(entry) },
  });
}

/** Applies the archive rules to a directory. */
class DirectoryGate {
  readonly #limits: ArchiveLimits;
  readonly #portability = new PortabilityCheck();
  #entries = 0;
  #nameBytes = 0;
  #bytes = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
  }

  list(dir: string, entries: number): void {
    this.#entries += entries;
    const { maxEntries } = this.#limits;
    if (this.#entries > maxEntries) throw refused(dir, `there are more than ${maxEntries} entries`);
  }

  name(text: string): SafePath {
    const { path, problem } = checkPath(text);
    if (problem !== undefined) throw refused(text, problem.why);
    this.#nameBytes += Buffer.byteLength(path);
    const { maxNameBytes, nonPortable } = this.#limits;
    if (this.#nameBytes > maxNameBytes) throw refused(path, `the names take more than ${maxNameBytes} bytes`);
    if (nonPortable) return path;
    for (const found of this.#portability.add(path))
      throw refused(path, `its name is not portable (${portabilityText(found)})`);
    return path;
  }

  file(path: SafePath, size: number): void {
    this.#bytes += size;
    const { maxBytes, maxFileBytes } = this.#limits;
    if (size > maxFileBytes) throw refused(path, `its ${size} bytes are over the limit of ${maxFileBytes}`);
    if (this.#bytes > maxBytes)
      throw refused(path, `with its ${size} bytes the bundle is over the limit of ${maxBytes}`);
  }
}

async function* walk(
  dir: SafeDir,
  prefix: string,
  gate: DirectoryGate,
): AsyncGenerator<BundleFile, void, undefined> {
  const entries = await dir.readdir();
  gate.list(prefix, entries.length);
  for (const entry of entries) {
    if (entry.name === undefined) throw refused(`${prefix}?`, 'its name is not UTF-8');
    const path = gate.name(prefix + entry.name);
    if (entry.kind === 'directory') {
      const child = await dir.child(entry.name);
      try {
        yield* walk(child, `${path}/`, gate);
      } finally {
        await child.close();
      }
      continue;
    }
    if (entry.kind !== 'file') throw refused(path, 'it is a link or a special file');
    const file = await dir.openFile(entry.name);
    try {
      const { size, mode } = await file.stat();
      gate.file(path, size);
      yield { path, size, executable: (mode & 0o100) !== 0, content: chunksOf(file, size) };
    } finally {
      await file.close();
    }
  }
}
