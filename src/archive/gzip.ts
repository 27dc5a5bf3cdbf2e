import { constants, createGunzip, createGzip } from 'node:zlib';
import { type ArchiveLimits, DEFAULT_LIMITS, hostile } from './archive-limits.js';
import { drain, push } from './pump.js';

/** RFC 1952: flags 0, no time, XFL 2 (smallest), operating system 255 (unknown). */
const FIXED = new Map([
  [3, 0],
  [4, 0],
  [5, 0],
  [6, 0],
  [7, 0],
  [8, 2],
  [9, 255],
]);
const FIXED_END = 10;

/**
 * Compresses with a fixed header: no time, no name, no operating system. The bytes still depend on the version of zlib,
 * so the result is `structural` where the tar inside is `bitwise` (C2).
 */
export async function* gzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const zip = createGzip({ level: constants.Z_BEST_COMPRESSION, memLevel: 9 });
  const out = drain(zip, async () => {
    for await (const chunk of source) if (!(await push(zip, chunk))) return;
    zip.end();
  });
  let at = 0;
  for await (const chunk of out) {
    for (let i = 0; at + i < FIXED_END && i < chunk.length; i++) chunk[i] = FIXED.get(at + i) ?? chunk[i]!;
    at += chunk.length;
    yield chunk;
  }
}

/**
 * Expands gzip as hostile input (HOSTILE_INPUT): never more than `maxRatio` beyond `ratioFreeBytes`, and no trailing
 * data. The reader limits the size of the output.
 */
export async function* gunzip(
  source: AsyncIterable<Uint8Array>,
  limits: Partial<ArchiveLimits> = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { maxRatio, ratioFreeBytes } = { ...DEFAULT_LIMITS, ...limits };
  const zip = createGunzip();
  let taken = 0;
  let given = 0;
  const out = drain(zip, async () => {
    for await (const chunk of source) {
      taken += chunk.length;
      if (!(await push(zip, chunk))) return;
    }
    zip.end();
  });
  try {
    for await (const chunk of out) {
      given += chunk.length;
      if (given > ratioFreeBytes && given > maxRatio * taken)
        throw hostile('compression', `it expands to more than ${maxRatio} times its size`);
      yield chunk;
    }
  } catch (e) {
    if (!(e instanceof Error && 'code' in e && String(e.code).startsWith('Z_'))) throw e;
    throw hostile('compression', 'it is not valid gzip, or is truncated');
  }
  // zlib silently stops at trailing data that is not another gzip member.
  if (taken > zip.bytesWritten) throw hostile('trailing-bytes', 'there are bytes after its compressed data');
}
