import type { ArchiveLimits } from '../../archive/limits.js';
import { escapeText } from '../../core/escape.js';
import { checkPath, PortabilityCheck, type SafePath } from '../../core/paths.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { Disk, DiskFile } from '../../fsx/disk.js';
import { SafeDir } from '../../fsx/safe-dir.js';

/** One file of a bundle that came from outside. */
export interface BundleFile {
  readonly path: SafePath;
  readonly size: number;
  readonly executable: boolean;
  /** To be read once, before the next file is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
}

const CHUNK_BYTES = 1024 * 1024;

/** The files of a bundle: a tar, a tar.gz, or a directory that one was exported to. All of it is hostile input. */
export async function* readBundle(
  disk: Disk,
  path: string,
  options: Partial<ArchiveLimits> = {},
): AsyncGenerator<BundleFile, void, undefined> {
  const kind = await kindOf(disk, path);
  if (kind === 'directory') {
    const dir = await SafeDir.open(disk, path);
    const portability = options.nonPortable === true ? undefined : new PortabilityCheck();
    try {
      yield* walk(dir, '', portability);
    } finally {
      await dir.close();
    }
    return;
  }
  const { readArchive } = await import('../../archive/read-archive.js');
  const file = await disk.open(path, { access: 'read', follow: true });
  try {
    for await (const entry of readArchive(chunks(file), options)) if (entry.kind === 'file') yield entry;
  } finally {
    await file.close();
  }
}

async function kindOf(disk: Disk, path: string): Promise<'file' | 'directory'> {
  try {
    const { kind } = await disk.stat(path);
    if (kind === 'file' || kind === 'directory') return kind;
  } catch (e) {
    if (!isErrno(e, 'ENOENT', 'ENOTDIR')) throw e;
    throw new HsError('NOT_FOUND', `'${escapeText(path)}' is not there`);
  }
  throw new HsError('HOSTILE_INPUT', `'${escapeText(path)}' is neither a file nor a directory`);
}

async function* chunks(file: DiskFile): AsyncGenerator<Uint8Array> {
  for (let position = 0; ; ) {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    const count = await file.read(buffer, position);
    if (count === 0) return;
    position += count;
    yield buffer.subarray(0, count);
  }
}

async function* walk(
  dir: SafeDir,
  prefix: string,
  portability: PortabilityCheck | undefined,
): AsyncGenerator<BundleFile, void, undefined> {
  const refuse = (name: string, why: string) =>
    new HsError('HOSTILE_INPUT', `bundle file '${escapeText(prefix + name)}' is refused: ${why}`, {
      details: { entry: escapeText(prefix + name) },
    });
  for (const entry of await dir.readdir()) {
    if (entry.name === undefined) throw refuse('?', 'its name is not UTF-8');
    const { path, problem } = checkPath(prefix + entry.name);
    if (problem !== undefined) throw refuse(entry.name, problem.why);
    for (const found of portability?.add(path) ?? []) {
      throw refuse(entry.name, `its name is not portable (${found.kind})`);
    }
    if (entry.kind === 'directory') {
      const child = await dir.child(entry.name);
      try {
        yield* walk(child, `${path}/`, portability);
      } finally {
        await child.close();
      }
      continue;
    }
    if (entry.kind !== 'file') throw refuse(entry.name, 'it is a link or a special file');
    const file = await dir.openFile(entry.name);
    try {
      const { size, mode } = await file.stat();
      yield { path, size, executable: (mode & 0o100) !== 0, content: chunks(file) };
    } finally {
      await file.close();
    }
  }
}
