/** Shorter runs of zeros are written as they are: a hole costs a system call. */
const BLOCK = 64 * 1024;
const ZEROS = Buffer.alloc(BLOCK);

function isZero(bytes: Uint8Array, at: number): boolean {
  // The first byte nearly always decides.
  if (bytes[at] !== 0 || bytes[at + BLOCK - 1] !== 0) return false;
  return ZEROS.equals(bytes.subarray(at, at + BLOCK));
}

/** Splits bytes to be appended at `offset` into consecutive parts: data to write, and lengths of runs of zeros. */
export function* sparseParts(bytes: Uint8Array, offset: number): Generator<Uint8Array | number> {
  let written = 0;
  let at = (BLOCK - (offset % BLOCK)) % BLOCK;
  while (at + BLOCK <= bytes.length) {
    let end = at;
    while (end + BLOCK <= bytes.length && isZero(bytes, end)) end += BLOCK;
    if (end > at) {
      if (at > written) yield bytes.subarray(written, at);
      yield end - at;
      written = end;
    }
    at = end + BLOCK;
  }
  if (written < bytes.length) yield written === 0 ? bytes : bytes.subarray(written);
}
