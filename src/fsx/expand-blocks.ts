/** Of the words by which a thread that reads ahead and the one that it reads for know of each other. */
export const ControlWord = { turn: 0, published: 1, position: 2, isOver: 3 } as const;
/** Who has a block, and what became of it. */
export const BlockState = { free: 0, claimed: 1, expanded: 2, failed: 3, taken: 4 } as const;
/** Words of a block: its offset, low and high, its bytes in the file and uncompressed, then its hash. */
export const BlockWord = { low: 0, high: 1, bytes: 2, textBytes: 3, hash: 4, all: 12 } as const;

/** What both threads see. */
export interface ExpandedBlocks {
  /** The open file. */
  readonly fd: number;
  readonly control: Int32Array;
  /** {@link BlockState} of each block. */
  readonly states: Int32Array;
  readonly blocks: Int32Array;
  /** Room for the bytes of as many blocks, used over and over. */
  readonly texts: Uint8Array;
  readonly slots: number;
  /** Bytes. */
  readonly slotBytes: number;
  /** Nobody reads on any more (ms). */
  readonly mostIdle: number;
  readonly words: {
    readonly control: typeof ControlWord;
    readonly state: typeof BlockState;
    readonly block: typeof BlockWord;
  };
}

/**
 * All that the thread does, in one function whose text starts it: so it needs no file of its own in whatever hs is
 * bundled into, and must use nothing from around it. Reads, verifies and decompresses blocks that are published and
 * free, as far ahead as there is room; ends when the scan is over or stands still for long.
 */
export function expandBlocks(shared: ExpandedBlocks): void {
  const { fd, control, states, blocks, texts, slots, slotBytes, mostIdle, words } = shared;
  const fs = process.getBuiltinModule('node:fs');
  const crypto = process.getBuiltinModule('node:crypto');
  const zlib = process.getBuiltinModule('node:zlib');
  let stored = Buffer.alloc(slotBytes);
  for (let n = 0; Atomics.load(control, words.control.isOver) === 0; ) {
    const turn = Atomics.load(control, words.control.turn);
    const position = Atomics.load(control, words.control.position);
    n = Math.max(n, position);
    if (n >= Math.min(Atomics.load(control, words.control.published), position + slots)) {
      if (Atomics.wait(control, words.control.turn, turn, mostIdle) === 'timed-out') return;
      continue;
    }
    const block = n++;
    const [low, high, bytes, textBytes] = blocks.subarray(block * words.block.all) as unknown as number[];
    const { free, claimed, expanded, failed } = words.state;
    if (textBytes! > slotBytes || Atomics.compareExchange(states, block, free, claimed) !== free) continue;
    let state: number = failed;
    try {
      if (bytes! > stored.length) stored = Buffer.alloc(bytes!);
      const offset = high! * 2 ** 32 + (low! >>> 0);
      let done = 0;
      for (let count = -1; done < bytes! && count !== 0; done += count) {
        count = fs.readSync(fd, stored, done, bytes! - done, offset + done);
      }
      const at = block * words.block.all + words.block.hash;
      const hash = new Uint8Array(blocks.buffer, blocks.byteOffset + 4 * at, 32);
      const read = stored.subarray(0, bytes);
      const isProven = done === bytes && crypto.createHash('sha256').update(read).digest().equals(hash);
      const options = { maxOutputLength: textBytes!, chunkSize: textBytes! + 64 };
      const text = !isProven || bytes! >= textBytes! ? read : zlib.brotliDecompressSync(read, options);
      if (isProven && text.length === textBytes) {
        texts.set(text, (block % slots) * slotBytes);
        state = expanded;
      }
    } catch {
      // The other thread reads it again, and says what is wrong.
    }
    Atomics.store(states, block, state);
    Atomics.notify(states, block);
  }
}
