import type { BrotliOptions } from 'node:zlib';

/** Of the words by which a thread that compresses and the one that it does so for know of each other. */
export const CompressControl = { turn: 0, given: 1, isOver: 2 } as const;
/** Whose turn it is with the block in a slot. */
export const SlotState = { free: 0, given: 1, claimed: 2, compressed: 3, failed: 4 } as const;
/** Words of a slot: bytes of the text, those that are to be stored, and the hash of these. */
export const SlotWord = { textBytes: 0, bytes: 1, hash: 2, all: 10 } as const;

/** What both threads see. */
export interface GivenBlocks {
  readonly control: Int32Array;
  /** {@link SlotState} of each slot; the blocks take the slots in turn. */
  readonly states: Int32Array;
  readonly words: Int32Array;
  /** What is given, and what becomes of it. */
  readonly texts: Uint8Array;
  readonly stored: Uint8Array;
  /** Bytes. */
  readonly slotBytes: number;
  /** Nobody gives any more (ms). */
  readonly mostIdle: number;
  /** Of `brotliCompressSync`. */
  readonly brotli: BrotliOptions;
  readonly names: {
    readonly control: typeof CompressControl;
    readonly state: typeof SlotState;
    readonly word: typeof SlotWord;
  };
}

/**
 * All that the thread does; as in `expand-blocks.ts`, it must use nothing from around it. Compresses and hashes what is
 * given, in order; ends when there is no more, or for long nothing.
 */
export function compressBlocks(shared: GivenBlocks): void {
  const { control, states, words, texts, stored, slotBytes, mostIdle, brotli, names } = shared;
  const crypto = process.getBuiltinModule('node:crypto');
  const zlib = process.getBuiltinModule('node:zlib');
  const { given, claimed, compressed, failed } = names.state;
  for (let n = 0; Atomics.load(control, names.control.isOver) === 0; ) {
    const turn = Atomics.load(control, names.control.turn);
    if (n >= Atomics.load(control, names.control.given)) {
      if (Atomics.wait(control, names.control.turn, turn, mostIdle) === 'timed-out') return;
      continue;
    }
    const slot = n++ % states.length;
    if (Atomics.compareExchange(states, slot, given, claimed) !== given) continue;
    let state: number = failed;
    try {
      const at = slot * names.word.all;
      const from = slot * slotBytes;
      const text = Buffer.from(texts.subarray(from, from + words[at + names.word.textBytes]!));
      const shorter = zlib.brotliCompressSync(text, brotli);
      const bytes = shorter.length < text.length ? shorter : text;
      stored.set(bytes, from);
      words[at + names.word.bytes] = bytes.length;
      const hash = new Uint8Array(words.buffer, words.byteOffset + 4 * (at + names.word.hash), 32);
      hash.set(crypto.createHash('sha256').update(bytes).digest());
      state = compressed;
    } catch {
      // The other thread compresses it itself.
    }
    Atomics.store(states, slot, state);
    Atomics.notify(states, slot);
  }
}
