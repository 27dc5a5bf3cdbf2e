import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, it } from 'vitest';
import { compressBlock } from '../../src/core/objects/compressed-block.js';
import { sha256 } from '../../src/core/objects/hash.js';
import {
  BlockState,
  BlockWord,
  ControlWord,
  type ExpandedBlocks,
  expandBlocks,
} from '../../src/fsx/expand-blocks.js';
import { type AheadBlock, readAhead, THREAD } from '../../src/fsx/read-ahead.js';

const { free, expanded, failed, taken } = BlockState;
/** Nobody reads ahead on a machine of one processor. */
const ALONE = availableParallelism() < 2;
const dir = mkdtempSync(join(tmpdir(), 'hs-read-ahead-'));
const opened: number[] = [];
afterAll(() => {
  for (const fd of opened) closeSync(fd);
  rmSync(dir, { recursive: true });
});

/** Every fourth cannot be compressed. */
const textOf = (n: number) =>
  n % 4 === 3 ? Buffer.from(sha256(Buffer.from(`${n}`)), 'hex') : Buffer.from(`block ${n} `.repeat(100 + n));

function makeFile(count: number) {
  const blocks: AheadBlock[] = [];
  const all: Buffer[] = [];
  let offset = 0;
  for (let n = 0; n < count; n++) {
    const stored = compressBlock(textOf(n));
    blocks.push({ offset, bytes: stored.length, textBytes: textOf(n).length, hash: sha256(stored) });
    all.push(stored);
    offset += stored.length;
  }
  const path = join(dir, `${opened.length}`);
  writeFileSync(path, Buffer.concat(all));
  opened.push(openSync(path, 'r'));
  return { path, fd: opened.at(-1)!, blocks };
}

const SLOT_BYTES = 4096;
const int32 = (length: number) => new Int32Array(new SharedArrayBuffer(4 * length));

/** As the thread is given them, with all blocks published; it ends when it has nothing to do. */
function shared(fd: number, blocks: readonly AheadBlock[], slots: number): ExpandedBlocks {
  const words = int32(BlockWord.all * blocks.length);
  for (const [n, { offset, bytes, textBytes, hash }] of blocks.entries()) {
    words.set([offset, 0, bytes, textBytes], n * BlockWord.all);
    Buffer.from(words.buffer).write(hash, 4 * (n * BlockWord.all + BlockWord.hash), 'hex');
  }
  const control = int32(4);
  control[ControlWord.published] = blocks.length;
  return {
    fd,
    control,
    states: int32(blocks.length),
    blocks: words,
    texts: new Uint8Array(new SharedArrayBuffer(slots * SLOT_BYTES)),
    slots,
    slotBytes: SLOT_BYTES,
    mostIdle: 0,
    words: { control: ControlWord, state: BlockState, block: BlockWord },
  };
}

const textIn = ({ texts, slots }: ExpandedBlocks, n: number) =>
  Buffer.from(texts)
    .subarray((n % slots) * SLOT_BYTES)
    .subarray(0, textOf(n).length);

it('blocks are expanded as far ahead as there is room, and none over the one that is asked for', () => {
  const { fd, blocks } = makeFile(20);
  const all = shared(fd, blocks, 8);
  for (const [position, ahead] of [
    [0, 8],
    [5, 13],
    [6, 14],
    [19, 20],
  ] as const) {
    all.control[ControlWord.position] = position;
    expandBlocks(all);
    expect(all.states.indexOf(free, position)).toBe(ahead === blocks.length ? -1 : ahead);
    for (let n = position; n < ahead; n++) expect(textIn(all, n)).toEqual(textOf(n));
  }
});

it('a thread does the same from its text alone', async () => {
  const { fd, blocks } = makeFile(20);
  const all = shared(fd, blocks, 32);
  const thread = new Worker(THREAD, { eval: true, workerData: all });
  expect(await once(thread, 'exit')).toEqual([0]);
  expect([...all.states]).toEqual(blocks.map(() => expanded));
  for (let n = 0; n < blocks.length; n++) expect(textIn(all, n)).toEqual(textOf(n));
});

it('what cannot be proven, is too long or is taken is left to the reader', () => {
  const { fd, blocks } = makeFile(8);
  const changed = blocks.map((block, n) => {
    if (n === 0) return { ...block, hash: sha256(Buffer.from('other')) };
    if (n === 1) return { ...block, textBytes: block.textBytes - 1 };
    if (n === 2) return { ...block, textBytes: block.textBytes + 1 };
    if (n === 4) return { ...block, textBytes: SLOT_BYTES + 1 };
    return n === 7 ? { ...block, offset: block.offset + 1 } : block;
  });
  const all = shared(fd, changed, 32);
  all.states[5] = taken;
  expandBlocks(all);
  expect([...all.states]).toEqual([failed, failed, failed, expanded, free, taken, expanded, failed]);
});

it.skipIf(ALONE)('a reader has every block or must read it, whatever is published when', () => {
  const { fd, blocks } = makeFile(600);
  const ahead = readAhead(fd, 500)!;
  for (let n = 0; n < 600; n++) {
    if (n % 100 === 0) ahead.publish(blocks.slice(n, n + 100));
    const text = ahead.next();
    if (n >= 500) expect(text).toBeUndefined();
    else if (text !== undefined) expect(text).toEqual(textOf(n));
  }
  ahead.close();
  expect(ahead.next()).toBeUndefined();
});

/** A reader ahead of 600 blocks whose thread does its work when it is told to. */
function heldReader() {
  const { fd, blocks } = makeFile(600);
  let given: ExpandedBlocks | undefined;
  const ahead = readAhead(fd, blocks.length, (all) => {
    given = { ...all, mostIdle: 0 };
    return () => undefined;
  })!;
  return { ahead, blocks, states: given!.states, work: () => expandBlocks(given!) };
}

it.skipIf(ALONE)('what the thread has is given in its order, and what it has not is left', () => {
  const { ahead, blocks, work } = heldReader();
  ahead.publish(blocks.slice(0, 50));
  expect([ahead.next(), ahead.next()]).toEqual([undefined, undefined]);
  work();
  ahead.publish(blocks.slice(50, 60));
  for (let n = 2; n < 50; n++) expect(ahead.next()).toEqual(textOf(n));
  expect(ahead.next()).toBeUndefined();
  work();
  expect(ahead.next()).toEqual(textOf(51));
  ahead.close();
});

it.skipIf(ALONE)('nothing is given after the end, whatever is published then', () => {
  const { ahead, blocks, work } = heldReader();
  ahead.publish(blocks.slice(0, 100));
  work();
  expect(ahead.next()).toEqual(textOf(0));
  ahead.close();
  for (let n = 100; n < 600; n += 100) {
    ahead.publish(blocks.slice(n, n + 100));
    for (let of = 0; of < 100; of++) expect(ahead.next()).toBeUndefined();
  }
});

it.skipIf(ALONE)('a thread that died with a block is waited for once, and gives nothing from then on', () => {
  const { ahead, blocks, states, work } = heldReader();
  ahead.publish(blocks.slice(0, 100));
  work();
  states[3] = BlockState.claimed;
  for (let n = 0; n < 3; n++) expect(ahead.next()).toEqual(textOf(n));
  for (let n = 100; n < 600; n += 100) {
    ahead.publish(blocks.slice(n, n + 100));
    for (let of = 0; of < 100; of++) expect(ahead.next()).toBeUndefined();
  }
});

it.skipIf(ALONE)('what was published to a thread that reads a closed file is for the caller to read', () => {
  const { path, blocks } = makeFile(50);
  const fd = openSync(path, 'r');
  const ahead = readAhead(fd, 50)!;
  closeSync(fd);
  ahead.publish(blocks.map((block) => ({ ...block, hash: sha256(Buffer.from('other')) })));
  for (const _ of blocks) expect(ahead.next()).toBeUndefined();
  ahead.close();
});

it.skipIf(ALONE)('no more than two threads read ahead at once', () => {
  const { fd } = makeFile(1);
  const all = [1, 2, 3].map(() => readAhead(fd, 1));
  expect(all.map((ahead) => ahead !== undefined)).toEqual([true, true, false]);
  for (const ahead of all) ahead?.close();
  for (const ahead of all) ahead?.close();
  const again = [1, 2, 3].map(() => readAhead(fd, 1));
  expect(again.map((ahead) => ahead !== undefined)).toEqual([true, true, false]);
  for (const ahead of again) ahead?.close();
});
