import { PortabilityCheck, portabilityText } from '../core/paths/portability.js';
import { checkPath, type SafePath, TreeNames } from '../core/paths/safe-path.js';
import { HsError } from '../errors/hs-error.js';
import { type ArchiveLimits, DEFAULT_LIMITS, hostile } from './archive-limits.js';
import { ByteReader } from './byte-reader.js';
import { type PaxOverrides, parsePax } from './pax-records.js';
import {
  BLOCK,
  decodeHeader,
  decodeUtf8OrUndefined,
  isZero,
  looksLikeHeader,
  type TarHeader,
} from './tar-header.js';

export interface TarEntry {
  readonly path: SafePath;
  readonly kind: 'file' | 'directory';
  /** Bytes; 0 for a directory. */
  readonly size: number;
  readonly executable: boolean;
  /** Exactly `size` bytes, once, and only until the next entry is requested; unread bytes are skipped. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** From this size (8 GiB) on, the 11 octal digits of a header are not enough. */
const OCTAL_LIMIT = 8 ** 11;

/**
 * Reads a tar (POSIX or GNU) as hostile input: only regular files and directories whose paths obey B4, and no byte that
 * another reader could interpret differently. Anything else throws HOSTILE_INPUT, naming the entry. Entries already
 * yielded are unverified until the iteration ends without an error.
 *
 * Parses the blocks itself instead of using tar-stream, which cuts names at a NUL, accepts a truncated archive and
 * guesses at numbers: a check in front of it would have to parse each header anyway, and the two could disagree.
 */
export async function* readTar(
  source: AsyncIterable<Uint8Array>,
  limits: Partial<ArchiveLimits> = {},
): AsyncGenerator<TarEntry, void, undefined> {
  const all = { ...DEFAULT_LIMITS, ...limits };
  const bytes = new ByteReader(source, all.maxBytes);
  const gate = new EntryGate(all);
  let extension: PaxOverrides | undefined;
  let isFirst = true;
  try {
    for (;;) {
      const block = await bytes.take(BLOCK);
      if (block.length === 0) throw hostile('no-end-marker', 'it ends without its end marker');
      if (block.length < BLOCK) throw hostile('truncated', 'it ends inside a header');
      if (isZero(block)) {
        if (extension !== undefined) throw hostile('pax', 'an extension header is not followed by an entry');
        await readEnd(bytes, isFirst);
        return;
      }
      if (isFirst && !looksLikeHeader(block)) throw notATar();
      isFirst = false;
      const header = decodeHeader(block);
      if (header.type === 'file' || header.type === 'directory') {
        const entry = gate.admit(header, extension, bytes.left);
        extension = undefined;
        yield* oneEntry(bytes, entry);
      } else {
        const next = await readExtension(bytes, header, all.maxHeaderBytes);
        gate.countExtension();
        if (header.type === 'global-pax') continue;
        if (extension !== undefined)
          throw hostile('pax', 'one entry has two extension headers', header.shown);
        extension = next;
      }
    }
  } finally {
    await bytes.close();
  }
}

type Admitted = Omit<TarEntry, 'content'>;

/** Checks each entry against its headers and the entries before it. */
class EntryGate {
  readonly #limits: ArchiveLimits;
  readonly #names = new TreeNames();
  readonly #portability = new PortabilityCheck();
  #nameBytes = 0;
  #extensions = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
  }

  /** Extension headers have no names, so they are counted separately. */
  countExtension(): void {
    this.#extensions++;
    if (this.#extensions > this.#limits.maxEntries)
      throw hostile('limit', 'it has too many extension headers');
  }

  admit(header: TarHeader, extension: PaxOverrides | undefined, bytesLeft: number): Admitted {
    const raw = extension?.path ?? header.name();
    const size = agreedSize(header, extension, raw);
    const kind = header.type === 'directory' ? 'directory' : 'file';
    if (kind === 'directory' && size !== 0) throw hostile('size', 'it is a directory with content', raw);
    if (size > this.#limits.maxFileBytes)
      throw hostile(
        'limit',
        `its size of ${size} bytes is over the limit of ${this.#limits.maxFileBytes}`,
        raw,
      );
    if (size > bytesLeft)
      throw hostile(
        'limit',
        `with its ${size} bytes the archive is over the limit of ${this.#limits.maxBytes}`,
        raw,
      );
    const checked = checkPath(kind === 'directory' ? raw.replace(/\/$/, '') : raw);
    if (checked.problem !== undefined) throw hostile('path', checked.problem.why, raw);
    this.#enter(checked.path, kind);
    return { path: checked.path, kind, size, executable: kind === 'file' && header.executable };
  }

  #enter(path: SafePath, kind: 'file' | 'directory'): void {
    this.#nameBytes += Buffer.byteLength(path);
    const { maxEntries, maxNameBytes, nonPortable } = this.#limits;
    if (this.#nameBytes > maxNameBytes)
      throw hostile('limit', `the names so far take more than ${maxNameBytes} bytes`, path);
    const clash = this.#names.add(path, kind);
    if (clash?.rule === 'duplicate') throw hostile('duplicate', 'it occurs twice', path);
    if (clash !== undefined)
      throw hostile('file-is-directory', `'${clash.path}' is a file and a directory`, path);
    if (this.#names.size > maxEntries)
      throw hostile('limit', `there are more than ${maxEntries} entries`, path);
    if (nonPortable) return;
    for (const problem of this.#portability.add(path)) {
      throw hostile('not-portable', `its name is not portable (${portabilityText(problem)})`, problem.path);
    }
  }
}

/**
 * The size that every reader would see: a PAX size may only repeat the header's size, or state one that it cannot hold.
 */
function agreedSize(header: TarHeader, extension: PaxOverrides | undefined, raw: string): number {
  const stated = extension?.size;
  if (stated === undefined || stated === header.size) return header.size;
  if (stated >= OCTAL_LIMIT && (header.size === 0 || header.size === OCTAL_LIMIT - 1)) return stated;
  throw hostile('size', `its header says ${header.size} bytes and its PAX header ${stated}`, raw);
}

async function* oneEntry(bytes: ByteReader, entry: Admitted): AsyncGenerator<TarEntry, void, undefined> {
  let left = entry.size;
  let current = true;
  async function next(): Promise<Buffer | undefined> {
    if (left === 0) return undefined;
    const part = await bytes.some(left);
    if (part === undefined) throw hostile('truncated', `it ends ${left} bytes too early`, entry.path);
    left -= part.length;
    return part;
  }
  async function* content() {
    for (;;) {
      if (!current) throw new HsError('BUG', 'the content of an archive entry was read after the next entry');
      const part = await next();
      if (part === undefined) return;
      yield part;
    }
  }
  yield { ...entry, content: content() };
  current = false;
  while ((await next()) !== undefined);
  await readPadding(bytes, entry.size, entry.path);
}

async function readPadding(bytes: ByteReader, size: number, name: string): Promise<void> {
  const length = (BLOCK - (size % BLOCK)) % BLOCK;
  const padding = await bytes.take(length);
  if (padding.length < length) throw hostile('truncated', 'the archive ends in its padding', name);
  if (!isZero(padding)) throw hostile('padding', 'its padding is not zero', name);
}

async function readExtension(bytes: ByteReader, header: TarHeader, limit: number): Promise<PaxOverrides> {
  const { shown: name, size, type } = header;
  if (size > limit) throw hostile('limit', `its extension header is over ${limit} bytes`, name);
  const data = await bytes.take(size);
  if (data.length < size) throw hostile('truncated', 'the archive ends in its extension header', name);
  await readPadding(bytes, size, name);
  if (type !== 'long-name') return parsePax(data, name, type === 'global-pax');
  // GNU ends the name with one NUL; the path rules refuse a name with another NUL in it.
  const path = decodeUtf8OrUndefined(data.at(-1) === 0 ? data.subarray(0, -1) : data);
  if (path === undefined) throw hostile('path', 'its long name is not UTF-8', name);
  return { path };
}

function notATar(): HsError {
  return hostile('not-a-tar', 'it is neither a tar archive nor a bundle');
}

/** Zeros after which an archive without entries is taken for none: 10 KiB is what tar writes. */
const MOST_EMPTY = 1024 * 1024;

/** After the first zero block of the end marker: requires a second one, and then nothing but zeros. */
async function readEnd(bytes: ByteReader, isEmpty: boolean): Promise<void> {
  const second = await bytes.take(BLOCK);
  if (second.length < BLOCK) throw hostile('no-end-marker', 'its end marker is truncated');
  if (!isZero(second)) throw hostile('trailing-bytes', 'there is a header after a block of zeros');
  let zeros = 0;
  for (;;) {
    const rest = await bytes.some(Number.MAX_SAFE_INTEGER);
    if (rest === undefined) return;
    zeros += rest.length;
    if (isEmpty && zeros > MOST_EMPTY) throw notATar();
    if (!isZero(rest)) throw hostile('trailing-bytes', 'there are bytes after its end marker');
  }
}
