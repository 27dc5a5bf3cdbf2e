import { createSha256, sha256 } from '../../core/objects/hash.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError } from '../../errors/hs-error.js';
import type { SafeDir } from '../../fsx/safe-dir.js';
import { type PayloadEntry, SMALL_BYTES } from '../payload/payload-source.js';

/** What staging needs to know about a file. */
export interface Expected {
  /** For messages. */
  readonly subject: string;
  readonly hash?: ObjectId;
  readonly size?: number;
}

export interface StagedContent {
  readonly hash: ObjectId;
  readonly size: number;
}

export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  if (signal.reason instanceof HsError) throw signal.reason;
  throw new HsError('INTERRUPTED', 'interrupted; the destination is unchanged');
}

/** Writes a new file as the bytes arrive, hashing them, and verifies it before it becomes visible (B2). */
export async function stageFile(
  dir: SafeDir,
  name: string,
  mode: number,
  bytes: AsyncIterable<Uint8Array>,
  expected: Expected,
  options: { readonly sync: boolean; readonly signal?: AbortSignal | undefined },
): Promise<StagedContent> {
  const file = await dir.createFile(name, mode);
  try {
    const hash = createSha256();
    let size = 0;
    for await (const chunk of bytes) {
      throwIfAborted(options.signal);
      size += chunk.byteLength;
      // Excess bytes must not fill the disk.
      if (expected.size !== undefined && size > expected.size) throw wrongSize(expected, `more than`);
      // Another thread writes a large chunk while it is hashed here.
      const writing = file.write(chunk);
      hash.update(chunk);
      await writing;
    }
    const staged = { hash: hash.digest(), size };
    compare(staged.hash, staged.size, expected);
    if (options.sync) await file.sync();
    return staged;
  } finally {
    await file.close();
  }
}

/** Stages a member of a tree; a small file is written in one operation, after verification. */
export async function stageEntry(
  dir: SafeDir,
  name: string,
  mode: number,
  entry: PayloadEntry,
  options: { readonly sync: boolean; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const { hash, size } = entry;
  if (size > SMALL_BYTES) {
    await stageFile(dir, name, mode, entry.stream(), { subject: entry.path, hash, size }, options);
    return;
  }
  throwIfAborted(options.signal);
  const bytes = await (entry.read === undefined ? collect(entry) : entry.read());
  const actual = sha256(bytes);
  // Nearly always equal, so avoid creating an object for the comparison.
  if (actual !== hash || bytes.byteLength !== size) {
    compare(actual, bytes.byteLength, { subject: entry.path, hash, size });
  }
  await dir.writeFile(name, bytes, { mode, sync: options.sync });
}

async function collect(entry: PayloadEntry): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of entry.stream()) {
    size += chunk.byteLength;
    if (size > entry.size) throw wrongSize({ subject: entry.path, size: entry.size }, 'more than');
    chunks.push(Buffer.from(chunk));
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

function compare(hash: ObjectId, size: number, expected: Expected): void {
  if (expected.size !== undefined && size !== expected.size) {
    throw wrongSize(expected, `${size} instead of`);
  }
  if (expected.hash !== undefined && hash !== expected.hash) {
    throw new HsError(
      'INTEGRITY',
      `'${escapeText(expected.subject)}' does not match its hash; nothing was written`,
      {
        hint: 'hs fsck lists all damage',
        details: { expected: expected.hash, actual: hash },
      },
    );
  }
}

function wrongSize(expected: Expected, what: string): HsError {
  return new HsError(
    'INTEGRITY',
    `'${escapeText(expected.subject)}' has ${what} ${expected.size} bytes; nothing was written`,
    { hint: 'hs fsck lists all damage' },
  );
}
