import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Catalog } from '../../src/core/catalog/catalog.js';
import { decodeListBeginning, FIRST_OPS, ListBeginning } from '../../src/core/catalog/ledger-rows.js';
import type { LedgerEntry } from '../../src/core/ledger/entry.js';
import type { LedgerOp } from '../../src/core/ledger/operation.js';
import { isHsError } from '../../src/errors/hs-error.js';
import { cooperatively } from '../../src/fsx/cooperative.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { surroundDisk } from '../../src/fsx/surround-disk.js';
import {
  decodeBeginning,
  decodeFirstOps,
  decodeOpsParts,
  decodeOpsSteps,
  encodeOps,
} from '../../src/store/ledger/operations-object.js';
import { add, pin } from '../core/chain.js';
import { testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';

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

const listOf = (ops: readonly LedgerOp[]) => Buffer.concat([...encodeOps(ops)]);
const list = listOf([...Array(40).keys()].flatMap((n) => [add(n, { name: `ä${n}` }), pin(n, 'p')]));
const lengths = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 });

function beginningOf(ops: readonly LedgerOp[]) {
  const list = new ListBeginning();
  for (const op of ops) list.add(op);
  return decodeListBeginning(list.encode());
}
const invalid = expect.toSatisfy((e: unknown) => isHsError(e, 'INVALID_RECORD'));

describe('a list of operations', () => {
  it('reads the same in parts, wherever it is split', async () => {
    const whole = await cooperatively(decodeOpsSteps(list));
    await fc.assert(
      fc.asyncProperty(lengths, async (cut) => {
        expect(await parts(list, cut)).toEqual(whole);
        const first = { count: 80, ops: whole.slice(0, FIRST_OPS) };
        expect(await decodeFirstOps(chunksOf(list, cut))).toEqual(first);
        expect(await decodeBeginning(chunksOf(list, cut), beginningOf(whole))).toEqual(first);
      }),
      { numRuns: 50 },
    );
  });

  it('is read no further than the operations that are shown', async () => {
    const ops = await cooperatively(decodeOpsSteps(list));
    let read = 0;
    const counted = async function* () {
      for await (const chunk of chunksOf(list, [512])) {
        read += chunk.length;
        yield chunk;
      }
    };
    await decodeBeginning(counted(), beginningOf(ops));
    const shown = listOf(ops.slice(0, FIRST_OPS)).length;
    expect([read < shown + 1024, read < list.length]).toEqual([true, true]);
  });

  it('whose beginning is not the one that was told of is not believed', async () => {
    const ops = await cooperatively(decodeOpsSteps(list));
    const told = beginningOf(ops);
    const shown = listOf(ops.slice(0, FIRST_OPS)).length - 1;
    for (const at of [list.indexOf(0x0a) + 20, shown - 20]) {
      const other = Buffer.from(list);
      other[at]! ^= 1;
      expect([at, await decodeBeginning(chunksOf(other, [1000]), told)]).toEqual([at, undefined]);
    }
    const cut = list.subarray(0, shown - 20);
    expect(await decodeBeginning(chunksOf(cut, [1000]), told)).toBeUndefined();
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

it('of a list of any length, its beginning takes two blocks of a pack to show', async () => {
  const dir = await tmp();
  let bytes = 0;
  const disk = surroundDisk(nodeDisk(), async (operation, path, run) => {
    const done = await run();
    if (operation === 'file.read' && path.endsWith('.pack')) bytes += done as number;
    return done;
  });
  const session = await testStore(dir, { disk });
  const ops = [...Array(20_000).keys()].map((n) => add(n));
  const batch = session.store.batch('0'.repeat(24));
  const { id } = await batch.addBytes(listOf(ops), { apart: true });
  await batch.publish();
  const told = { listBeginning: async () => beginningOf(ops) };
  const entry = { ops_object: id };
  bytes = 0;
  const first = await session.store.firstOps(entry as LedgerEntry, told as unknown as Catalog);
  expect([first.count, first.ops.length]).toEqual([ops.length, FIRST_OPS]);
  expect(bytes).toBeLessThan(128 * 1024);
  // Naively, the list is read whole.
  bytes = 0;
  expect(await decodeFirstOps(session.store.objects.lend(id))).toEqual(first);
  expect(bytes).toBeGreaterThan(256 * 1024);
});
