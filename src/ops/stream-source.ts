import type { ByteSource } from '../store/object-batch.js';

/** An async iterable of chunks as a source of bytes; read front to back. */
export function streamSource(chunks: AsyncIterable<Uint8Array>): ByteSource {
  const iterator = chunks[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  return {
    async read(buffer) {
      let filled = 0;
      while (filled < buffer.byteLength) {
        if (rest.byteLength === 0) {
          const next = await iterator.next();
          if (next.done) break;
          rest = next.value;
          continue;
        }
        const part = rest.subarray(0, buffer.byteLength - filled);
        buffer.set(part, filled);
        filled += part.byteLength;
        rest = rest.subarray(part.byteLength);
      }
      return filled;
    },
  };
}
