import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isHsError } from '../../src/errors/hs-error.js';
import { cooperatively } from '../../src/fsx/cooperative.js';
import {
  decodeFirstOps,
  decodeOpsParts,
  decodeOpsSteps,
  encodeOps,
} from '../../src/store/ledger/operations-object.js';
import { add, pin } from '../core/chain.js';

/** In chunks of these lengths, the last one again and again; each is overwritten once the next is asked for. */
async function* chunksOf(bytes: Uint8Array, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let [at, n] = [0, 0]; at < bytes.length; n++) {
    const chunk = Buffer.from(bytes.subarray(at, at + lengths[Math.min(n, lengths.length - 1)]!));
    yield chunk;
    at += chunk.length;
    chunk.fill(0);
  }
}

async function parts(bytes: Uint8Array, lengths: readonly number[]) {
  const all = [];
  for await (const part of decodeOpsParts(chunksOf(bytes, lengths))) all.push(...part);
  return all;
}

const list = encodeOps([...Array(40).keys()].flatMap((n) => [add(n, { name: `ä${n}` }), pin(n, 'p')]));
const lengths = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 });
const invalid = expect.toSatisfy((e: unknown) => isHsError(e, 'INVALID_RECORD'));

describe('a list of operations', () => {
  it('reads the same in parts, wherever it is split', async () => {
    const whole = await cooperatively(decodeOpsSteps(list));
    await fc.assert(
      fc.asyncProperty(lengths, async (cut) => {
        expect(await parts(list, cut)).toEqual(whole);
        expect(await decodeFirstOps(chunksOf(list, cut), 3)).toEqual({ count: 80, ops: whole.slice(0, 3) });
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['its last line is cut off', list.subarray(0, -1)],
    ['a line is missing', Buffer.concat([list.subarray(0, list.lastIndexOf(0x0a, -2) + 1)])],
    ['it is empty', new Uint8Array()],
    ['its header is of something else', Buffer.from('{"schema":"other"}\n')],
  ])('is refused in parts when %s', async (_, bytes) => {
    await expect(parts(bytes, [1000])).rejects.toEqual(invalid);
  });
});
