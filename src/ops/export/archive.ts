import type { TarInput } from '../../archive/write-tar.js';
import type { PayloadEntry } from '../materialize/payload.js';

/** The files as a tar that is the same bytes on every machine (C2), or that tar compressed. */
export async function* archive(
  entries: readonly PayloadEntry[],
  options: { format: 'tar' | 'tar.gz'; isPrivate: boolean; mtime: number },
): AsyncGenerator<Uint8Array> {
  // tar and zlib are loaded by the few exports that need them: 23 ms of start-up.
  const { writeTar } = await import('../../archive/write-tar.js');
  const tar = writeTar(inputs(entries, options.isPrivate), { mtime: options.mtime });
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

/** The store's chunks are valid until the next one; the archive may hold them longer. */
async function* copies(entry: PayloadEntry): AsyncGenerator<Uint8Array> {
  for await (const chunk of entry.stream()) yield Buffer.from(chunk);
}
