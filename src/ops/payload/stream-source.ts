import { HsError } from '../../errors/hs-error.js';
import type { ByteSource } from '../../store/port/object-batch.js';

/** Also accepts bytes of another realm, but not a `DataView` or an array of wider numbers. */
function checkChunk(chunk: unknown): Uint8Array {
  if (ArrayBuffer.isView(chunk) && Object.prototype.toString.call(chunk) === '[object Uint8Array]')
    return chunk as Uint8Array;
  const what = chunk === null ? 'null' : typeof chunk;
  throw new HsError('USAGE', `a chunk of the stream is of type ${what}, not a Uint8Array`, {
    hint: 'encode text first, as Buffer.from(text) does',
  });
}

/** Wraps an async iterable of chunks as a byte source, read front to back. USAGE for chunks of another type. */
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
          rest = checkChunk(next.value);
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
