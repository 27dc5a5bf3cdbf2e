import { BlockState, BlockWord, ControlWord, type ExpandedBlocks, expandBlocks } from './expand-blocks.js';
import { isThreadFree, scriptOf, sharedInt32, startThread } from './second-thread.js';

/** A block of a file as its caller knows it to be. */
export interface AheadBlock {
  readonly offset: number;
  /** In the file; fewer than `textBytes`: compressed by Brotli. */
  readonly bytes: number;
  readonly textBytes: number;
  /** SHA-256 of the bytes in the file, as hexadecimal digits. */
  readonly hash: string;
}

/**
 * Reads blocks of a file before they are asked for, verifies and decompresses them. Only ever saves time: whatever it does
 * not have is for the caller to read.
 */
export interface ReadAhead {
  /** Announces blocks that will be asked for after those that are announced already. */
  publish(blocks: readonly AheadBlock[]): void;
  /**
   * The text of the next block that was published. Undefined: the caller must read it, also to learn what is wrong with it.
   */
  next(): Buffer | undefined;
  close(): void;
}

/** Blocks that are expanded and not yet asked for: 4 MiB. */
const SLOTS = 128;
/** Twice the text of most blocks; longer ones are left to the caller. */
const SLOT_BYTES = 32 * 1024;
/** The thread is told every so many blocks that there is room again. */
const WAKE_EVERY = 32;
/** A block takes 0.1 ms. A thread that has one for so long has died, or gets no turn. */
const MOST_WAIT_MS = 500;
const MOST_IDLE_MS = 10_000;
export const THREAD = scriptOf(expandBlocks);

type StartExpanding = (shared: ExpandedBlocks) => () => void;

/** A thread that reads ahead of this one in an open file, `most` blocks. Both take what is free next: neither waits long. */
class ThreadAhead implements ReadAhead {
  readonly #shared: ExpandedBlocks;
  readonly #texts: Buffer;
  readonly #end: () => void;
  #isClosed = false;
  #published = 0;
  #position = 0;

  constructor(fd: number, most: number, start: StartExpanding) {
    const texts = new Uint8Array(new SharedArrayBuffer(SLOTS * SLOT_BYTES));
    this.#texts = Buffer.from(texts.buffer);
    this.#shared = {
      fd,
      control: sharedInt32(Object.keys(ControlWord).length),
      states: sharedInt32(most),
      blocks: sharedInt32(BlockWord.all * most),
      texts,
      slots: SLOTS,
      slotBytes: SLOT_BYTES,
      mostIdle: MOST_IDLE_MS,
      words: { control: ControlWord, state: BlockState, block: BlockWord },
    };
    this.#end = start(this.#shared);
  }

  #wake(): void {
    Atomics.add(this.#shared.control, ControlWord.turn, 1);
    Atomics.notify(this.#shared.control, ControlWord.turn);
  }

  publish(all: readonly AheadBlock[]): void {
    if (this.#isClosed) return;
    const { blocks, control, states } = this.#shared;
    for (const { offset, bytes, textBytes, hash } of all) {
      // More than were expected are not read ahead.
      if (this.#published === states.length) break;
      const at = this.#published * BlockWord.all;
      blocks[at + BlockWord.low] = (offset % 2 ** 32) | 0;
      blocks[at + BlockWord.high] = Math.floor(offset / 2 ** 32);
      blocks[at + BlockWord.bytes] = bytes;
      blocks[at + BlockWord.textBytes] = textBytes;
      Buffer.from(blocks.buffer, 4 * (at + BlockWord.hash), 32).write(hash, 'hex');
      this.#published++;
    }
    Atomics.store(control, ControlWord.published, this.#published);
    this.#wake();
  }

  next(): Buffer | undefined {
    const { control, states, blocks } = this.#shared;
    const block = this.#position++;
    if (this.#isClosed || block >= this.#published) return undefined;
    Atomics.store(control, ControlWord.position, block);
    if (block % WAKE_EVERY === 0) this.#wake();
    let state = Atomics.compareExchange(states, block, BlockState.free, BlockState.taken);
    if (state === BlockState.claimed) {
      if (Atomics.wait(states, block, BlockState.claimed, MOST_WAIT_MS) === 'timed-out') this.close();
      state = Atomics.load(states, block);
    }
    if (state !== BlockState.expanded) return undefined;
    const start = (block % SLOTS) * SLOT_BYTES;
    // A copy, for the caller to keep, while the room is used again: no more time than a hundredth of the scan.
    return Buffer.from(
      this.#texts.subarray(start, start + blocks[block * BlockWord.all + BlockWord.textBytes]!),
    );
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    Atomics.store(this.#shared.control, ControlWord.isOver, 1);
    this.#wake();
    this.#end();
  }
}

/** Undefined where it would not pay, or cannot be had. `start` is for tests. */
export function readAhead(
  fd: number,
  most: number,
  start: StartExpanding = (shared) => startThread(THREAD, shared),
): ReadAhead | undefined {
  if (!isThreadFree()) return undefined;
  try {
    return new ThreadAhead(fd, most, start);
  } catch {
    return undefined;
  }
}
