import { brotliOptions, compressBlock } from '../core/objects/compressed-block.js';
import { sha256 } from '../core/objects/hash.js';
import type { ObjectId } from '../core/objects/ids.js';
import { CompressControl, compressBlocks, type GivenBlocks, SlotState, SlotWord } from './compress-blocks.js';
import { isThreadFree, scriptOf, sharedInt32, startThread } from './second-thread.js';

/** A block as it is written. */
export interface StoredBlock {
  readonly bytes: Buffer;
  /** SHA-256 of `bytes`. */
  readonly hash: ObjectId;
}

/** Compresses blocks, some at a time: what is given is taken in the same order. */
export interface BlockCompressor {
  /** How many may be given and not yet taken. */
  readonly most: number;
  /** The text may be overwritten afterwards. */
  give(text: Buffer): void;
  /** The oldest block that was given, in memory of its own. */
  take(): StoredBlock;
  close(): void;
}

/** 1 MiB of texts, and as much of what becomes of them. */
const SLOTS = 64;
/** So many that the thread has not begun are enough for it: this one compresses what comes then. */
const MOST_UNBEGUN = 16;
/** Twice the text of most blocks; longer ones are compressed here. */
const SLOT_BYTES = 32 * 1024;
/** A block takes 0.1 ms. A thread that has one for so long has died, or gets no turn. */
const MOST_WAIT_MS = 500;
const MOST_IDLE_MS = 10_000;
export const COMPRESS_SCRIPT = scriptOf(compressBlocks);

type StartCompressing = (shared: GivenBlocks) => () => void;

/** A block compressed in this thread. */
export function storedBlock(text: Buffer, compress = true): StoredBlock {
  const compressed = compress ? compressBlock(text) : text;
  const bytes = compressed === text ? Buffer.from(text) : compressed;
  return { bytes, hash: sha256(bytes) };
}

/** A thread that compresses what this one gives; what it has no time for, this one does itself. */
class ThreadCompressor implements BlockCompressor {
  readonly most = SLOTS;
  readonly #shared: GivenBlocks;
  readonly #texts: Buffer;
  readonly #stored: Buffer;
  readonly #end: () => void;
  /** The slot of each block that was given, or what it became. */
  readonly #waiting: (number | StoredBlock)[] = [];
  #given = 0;
  #isClosed = false;

  constructor(start: StartCompressing) {
    const bytes = () => new Uint8Array(new SharedArrayBuffer(SLOTS * SLOT_BYTES));
    this.#shared = {
      control: sharedInt32(Object.keys(CompressControl).length),
      states: sharedInt32(SLOTS),
      words: sharedInt32(SLOTS * SlotWord.all),
      texts: bytes(),
      stored: bytes(),
      slotBytes: SLOT_BYTES,
      mostIdle: MOST_IDLE_MS,
      brotli: brotliOptions(),
      names: { control: CompressControl, state: SlotState, word: SlotWord },
    };
    this.#texts = Buffer.from(this.#shared.texts.buffer);
    this.#stored = Buffer.from(this.#shared.stored.buffer);
    this.#end = start(this.#shared);
  }

  #wake(): void {
    const { control } = this.#shared;
    Atomics.add(control, CompressControl.turn, 1);
    Atomics.notify(control, CompressControl.turn);
  }

  give(text: Buffer): void {
    const { control, states, words } = this.#shared;
    const earlier = this.#given - MOST_UNBEGUN;
    const isBusy = earlier >= 0 && Atomics.load(states, earlier % SLOTS) === SlotState.given;
    if (this.#isClosed || isBusy || text.length > SLOT_BYTES) {
      this.#waiting.push(storedBlock(text));
      return;
    }
    const slot = this.#given % SLOTS;
    this.#waiting.push(slot);
    text.copy(this.#texts, slot * SLOT_BYTES);
    words[slot * SlotWord.all + SlotWord.textBytes] = text.length;
    Atomics.store(states, slot, SlotState.given);
    Atomics.store(control, CompressControl.given, ++this.#given);
    this.#wake();
  }

  take(): StoredBlock {
    const next = this.#waiting.shift()!;
    return typeof next === 'number' ? this.#takeFrom(next) : next;
  }

  #takeFrom(slot: number): StoredBlock {
    const { states, words } = this.#shared;
    let state = Atomics.compareExchange(states, slot, SlotState.given, SlotState.free);
    if (state === SlotState.claimed && !this.#isClosed) {
      if (Atomics.wait(states, slot, SlotState.claimed, MOST_WAIT_MS) === 'timed-out') this.close();
      state = Atomics.load(states, slot);
    }
    const begin = slot * SLOT_BYTES;
    const at = slot * SlotWord.all;
    // The thread writes to no text.
    if (state !== SlotState.compressed)
      return storedBlock(this.#texts.subarray(begin, begin + words[at + SlotWord.textBytes]!));
    const hash = Buffer.from(words.buffer, 4 * (at + SlotWord.hash), 32).toString('hex') as ObjectId;
    return { bytes: Buffer.from(this.#stored.subarray(begin, begin + words[at + SlotWord.bytes]!)), hash };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    Atomics.store(this.#shared.control, CompressControl.isOver, 1);
    this.#wake();
    this.#end();
  }
}

/** Undefined where it would not pay, or cannot be had. `start` is for tests. */
export function compressAhead(
  start: StartCompressing = (shared) => startThread(COMPRESS_SCRIPT, shared),
): BlockCompressor | undefined {
  if (!isThreadFree()) return undefined;
  try {
    return new ThreadCompressor(start);
  } catch {
    return undefined;
  }
}
