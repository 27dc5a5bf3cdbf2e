import type { ArchiveLimits } from './archive-limits.js';
import { gunzip } from './gzip.js';
import { readTar, type TarEntry } from './read-tar.js';

/** RFC 1952: the first bytes of every gzip file, but of no tar, whose first byte begins a UTF-8 name. */
const GZIP = Buffer.from([0x1f, 0x8b]);

/** {@link readTar} over a tar or a tar.gz, distinguished by their first two bytes. */
export async function* readArchive(
  source: AsyncIterable<Uint8Array>,
  limits: Partial<ArchiveLimits> = {},
): AsyncGenerator<TarEntry, void, undefined> {
  const input = source[Symbol.asyncIterator]();
  try {
    let start = Buffer.alloc(0);
    while (start.length < GZIP.length) {
      const { done, value } = await input.next();
      if (done) break;
      start = Buffer.concat([start, value]);
    }
    const whole = chain(start, input);
    const zipped = start.subarray(0, GZIP.length).equals(GZIP);
    yield* readTar(zipped ? gunzip(whole, limits) : whole, limits);
  } finally {
    await input.return?.();
  }
}

async function* chain(start: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield start;
  for (;;) {
    const { done, value } = await rest.next();
    if (done) return;
    yield value;
  }
}
