import type { TarInput } from '../../archive/write-tar.js';
import { createSha256 } from '../../core/objects/hash.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError } from '../../errors/hs-error.js';
import type { PayloadEntry } from '../payload/payload-source.js';

/** The files as a tar that is the same bytes on every machine (C2), or as that tar compressed. */
export async function* archive(
  entries: readonly PayloadEntry[],
  options: { format: 'tar' | 'tar.gz'; isPrivate: boolean; mtime?: number | undefined },
): AsyncGenerator<Uint8Array> {
  // tar and zlib are loaded only by the few exports that need them: 23 ms of start-up.
  const { writeTar } = await import('../../archive/write-tar.js');
  const { isPrivate, mtime } = options;
  const tar = writeTar(inputs(entries, isPrivate), { mtime });
  if (options.format === 'tar') {
    yield* tar;
    return;
  }
  const { gzip } = await import('../../archive/gzip.js');
  yield* gzip(tar);
}

async function* inputs(entries: readonly PayloadEntry[], isPrivate: boolean): AsyncGenerator<TarInput> {
  for (const entry of entries) {
    yield {
      path: entry.path,
      size: entry.size,
      executable: entry.executable,
      private: isPrivate,
      content: copies(entry),
    };
  }
}

/** The bytes of a member, verified at the end; copied, since an archive holds chunks longer than they are valid. */
async function* copies(entry: PayloadEntry): AsyncGenerator<Uint8Array> {
  for await (const chunk of verified(entry)) yield Buffer.from(chunk);
}

/** The bytes of a file, verified here rather than on writing; throws INTEGRITY at the end on a mismatch. */
export async function* verified(entry: PayloadEntry): AsyncGenerator<Uint8Array> {
  const hash = createSha256();
  for await (const chunk of entry.stream()) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest() === entry.hash) return;
  throw new HsError('INTEGRITY', `'${escapeText(entry.path)}' does not match its hash`, {
    hint: 'hs fsck lists all damage',
  });
}
