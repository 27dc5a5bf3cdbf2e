import { brotliCompressSync, constants } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compressBlock, expandBlock } from '../../src/core/objects/compressed-block.js';

describe('a compressed block', () => {
  it('gives its bytes back', () => {
    const contents = fc.tuple(fc.uint8Array({ maxLength: 2000 }), fc.nat(50));
    fc.assert(
      fc.property(contents, ([part, times]) => {
        const bytes = Buffer.concat(Array.from({ length: times }, () => Buffer.from(part)));
        expect(expandBlock(compressBlock(bytes), bytes.length)).toEqual(bytes);
      }),
    );
  });

  it('is shorter for text, and never longer', () => {
    expect(compressBlock(Buffer.from('{"key":"value"},'.repeat(100))).length).toBeLessThan(100);
    const random = Buffer.from(Array.from({ length: 999 }, (_, i) => (i * i * 7919) >> 3));
    expect(compressBlock(random).length).toBeLessThanOrEqual(random.length);
  });

  it('is refused when its length is not what was said, or its bytes are not compressed ones', () => {
    const bytes = Buffer.from('text '.repeat(1000));
    const stored = compressBlock(bytes);
    for (const size of [0, 1, 4999, 5001, 2 ** 32 - 1]) expect(expandBlock(stored, size)).toBeUndefined();
    expect(expandBlock(stored.subarray(0, -1), 5000)).toBeUndefined();
    expect(expandBlock(Buffer.from('no stream'), 5000)).toBeUndefined();
  });

  it('that would expand to far more is given no more than was said', () => {
    const bomb = brotliCompressSync(Buffer.alloc(16 * 1024 * 1024), {
      params: { [constants.BROTLI_PARAM_QUALITY]: 1 },
    });
    expect(bomb.length).toBeLessThan(5000);
    const before = process.memoryUsage().arrayBuffers;
    expect(expandBlock(bomb, 5000)).toBeUndefined();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });
});
