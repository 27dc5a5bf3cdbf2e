import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import {
  type BlockCompressor,
  COMPRESS_SCRIPT,
  compressAhead,
  storedBlock,
} from '../../src/fsx/compress-ahead.js';
import {
  CompressControl,
  compressBlocks,
  type GivenBlocks,
  SlotState,
} from '../../src/fsx/compress-blocks.js';

/** Nobody compresses ahead on a machine of one processor. */
const ALONE = availableParallelism() < 2;
const { given, claimed, compressed, failed } = SlotState;

/** Every fourth cannot be compressed, and every 32nd is too long for another thread. */
function textOf(n: number): Buffer {
  if (n % 4 === 3) return Buffer.from(sha256(Buffer.from(`${n}`)), 'hex');
  return Buffer.from(`block ${n} `.repeat(n % 32 === 5 ? 5000 : 100 + n));
}

/** A compressor whose thread does its work when it is told to. */
function heldCompressor() {
  let shared: GivenBlocks | undefined;
  let ended = 0;
  const compressor = compressAhead((all) => {
    shared = { ...all, mostIdle: 0 };
    return () => {
      ended++;
    };
  })!;
  return { compressor, shared: shared!, ended: () => ended, work: () => compressBlocks(shared!) };
}

/** Gives one buffer again and again, as a writer does. */
const buffer = Buffer.alloc(64 * 1024);
function give(compressor: BlockCompressor, from: number, to: number): void {
  for (let n = from; n < to; n++) {
    const length = textOf(n).copy(buffer);
    compressor.give(buffer.subarray(0, length));
  }
}

function expectBlocks(compressor: BlockCompressor, from: number, to: number): void {
  for (let n = from; n < to; n++) expect(compressor.take()).toEqual(storedBlock(textOf(n)));
}

it.skipIf(ALONE)(
  'blocks come in the order in which they were given, whoever compresses them and when',
  () => {
    const { compressor, work } = heldCompressor();
    let [from, to] = [0, 0];
    for (let turn = 0; from < 1000; turn++) {
      // Up to as many as there may be, and every number less.
      const most = from + compressor.most - (turn % 7);
      give(compressor, to, most);
      to = most;
      if (turn % 3 !== 0) work();
      const until = from + 1 + ((turn * 11) % (to - from));
      expectBlocks(compressor, from, until);
      from = until;
    }
    expectBlocks(compressor, from, to);
  },
);

it.skipIf(ALONE)('a block that was taken is not overwritten by those that follow', () => {
  const { compressor, work } = heldCompressor();
  give(compressor, 0, 10);
  work();
  const first = compressor.take();
  for (let n = 10; n < 300; n++) {
    give(compressor, n, n + 1);
    work();
    compressor.take();
  }
  expect(first).toEqual(storedBlock(textOf(0)));
});

it.skipIf(ALONE)('what the thread has no time for is compressed here, before there is no more room', () => {
  const { compressor, shared, work } = heldCompressor();
  give(compressor, 6, 36);
  expect(shared.control[CompressControl.given]).toBeLessThan(20);
  expectBlocks(compressor, 6, 10);
  work();
  give(compressor, 36, 37);
  expect([...shared.states].filter((state) => state === given)).toHaveLength(1);
  expectBlocks(compressor, 10, 37);
});

it.skipIf(ALONE)('as many as there may be have room beside one another', () => {
  const { compressor, shared, work } = heldCompressor();
  const short = (n: number) => Buffer.from(`${n} `.repeat(100));
  for (let n = 0; n < compressor.most; n++) {
    compressor.give(short(n));
    work();
  }
  expect([...shared.states]).toEqual(Array(compressor.most).fill(compressed));
  for (let n = 0; n < compressor.most; n++) expect(compressor.take()).toEqual(storedBlock(short(n)));
});

it.skipIf(ALONE)('a thread that died with a block is waited for once, and given nothing from then on', () => {
  const { compressor, shared, ended, work } = heldCompressor();
  give(compressor, 6, 16);
  work();
  shared.states[3] = claimed;
  expectBlocks(compressor, 6, 16);
  expect(ended()).toBe(1);
  const before = shared.control[CompressControl.given];
  give(compressor, 100, 140);
  expect(shared.control[CompressControl.given]).toBe(before);
  expectBlocks(compressor, 100, 140);
  compressor.close();
  expect(ended()).toBe(1);
});

it.skipIf(ALONE)('what it failed at, or was closed over, is compressed here', () => {
  const { compressor, shared, work } = heldCompressor();
  give(compressor, 6, 16);
  work();
  shared.states[2] = failed;
  shared.states[5] = claimed;
  expectBlocks(compressor, 6, 9);
  compressor.close();
  expectBlocks(compressor, 9, 16);
});

it.skipIf(ALONE)('a thread does the same from its text alone', async () => {
  const { compressor, shared } = heldCompressor();
  give(compressor, 6, 20);
  const thread = new Worker(COMPRESS_SCRIPT, { eval: true, workerData: shared });
  expect(await once(thread, 'exit')).toEqual([0]);
  expect([...shared.states.subarray(0, 14)]).toEqual(Array(14).fill(compressed));
  expectBlocks(compressor, 6, 20);
});

it.skipIf(ALONE)('a thread that goes on meanwhile changes nothing', () => {
  const compressor = compressAhead()!;
  give(compressor, 0, compressor.most);
  for (let n = 0; n < 600; n++) {
    expectBlocks(compressor, n, n + 1);
    give(compressor, n + compressor.most, n + compressor.most + 1);
  }
  compressor.close();
  expectBlocks(compressor, 600, 600 + compressor.most);
});
