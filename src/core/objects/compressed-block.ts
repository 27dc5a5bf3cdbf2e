import type { BrotliOptions } from 'node:zlib';

/** Loaded when first needed: it takes 2 ms. Brotli (RFC 7932), since every supported Node has it. */
const zlib = () => process.getBuiltinModule('node:zlib');

/** Of 64 KiB, which is all of a block. */
const WINDOW_BITS = 16;
/** With room for none, zlib looks for a second piece. */
const MORE_BYTES = 64;
let options: BrotliOptions | undefined;

/** With which blocks are compressed. Manifests in blocks of 64 KiB become no smaller from quality 2 to 4, and take two to six times as long. */
export function brotliOptions(): BrotliOptions {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN } = zlib().constants;
  options ??= { params: { [BROTLI_PARAM_QUALITY]: 1, [BROTLI_PARAM_LGWIN]: WINDOW_BITS } };
  return options;
}

/**
 * The bytes compressed, or as they are where that is not shorter: the two lengths tell. Other versions of Node may give
 * other bytes.
 */
export function compressBlock(bytes: Buffer): Buffer {
  const compressed = zlib().brotliCompressSync(bytes, brotliOptions());
  return compressed.length < bytes.length ? compressed : bytes;
}

/** The `size` bytes that `stored` was made of, or undefined when it was not. Takes no more memory than they do. */
export function expandBlock(stored: Buffer, size: number): Buffer | undefined {
  if (stored.length >= size) return stored.length === size ? stored : undefined;
  try {
    const bytes = zlib().brotliDecompressSync(stored, {
      maxOutputLength: size,
      // All in one piece; smaller ones are put together.
      chunkSize: size + MORE_BYTES,
    });
    return bytes.length === size ? bytes : undefined;
  } catch (e) {
    if (!(e instanceof Error && 'code' in e)) throw e;
    return undefined;
  }
}
