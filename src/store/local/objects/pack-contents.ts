import type { PackEntry, PackIndex } from '../../../core/objects/pack-index.js';
import { isErrno, isHsError } from '../../../errors/hs-error.js';
import type { ObjectBytes } from '../../port/inventory.js';
import { LentBytes, type WholePack } from './pack.js';

/** What is read at once. */
const BLOCK_BYTES = 1024 * 1024;
/** More is not given as a whole: lists of operations, of 50 MB for 100,000 artifacts. */
const MOST_WHOLE_BYTES = 8 * 1024 * 1024;

interface Block {
  readonly entries: readonly PackEntry[];
  readonly offset: number;
  readonly end: number;
}

/** Objects that follow one another, of `BLOCK_BYTES` or one that is larger. */
function* blocksOf(index: PackIndex): Generator<Block> {
  let entries: PackEntry[] = [];
  let [offset, end] = [0, 0];
  for (const n of index.inFileOrder()) {
    const entry = index.entry(n);
    if (entries.length > 0 && (entry.offset !== end || end + entry.size - offset > BLOCK_BYTES)) {
      yield { entries, offset, end };
      entries = [];
    }
    if (entries.length === 0) offset = entry.offset;
    entries.push(entry);
    end = entry.offset + entry.size;
  }
  if (entries.length > 0) yield { entries, offset, end };
}

/** All objects of a pack in the order of the file; large ones, and those that cannot be read, have no bytes. */
export async function* packContents(pack: WholePack): AsyncGenerator<readonly ObjectBytes[], void> {
  let buffer = Buffer.alloc(0);
  const lent = new LentBytes();
  const isRead = async ({ offset, end }: Block) => {
    // A damaged index may claim 4 GiB.
    if (end > pack.index.contentBytes || end - offset > MOST_WHOLE_BYTES) return false;
    if (end - offset > buffer.length) buffer = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, end - offset));
    try {
      return await pack.fill(buffer.subarray(0, end - offset), offset, lent);
    } catch (e) {
      if (!isErrno(e) && !isHsError(e, 'INTEGRITY')) throw e;
      return false;
    }
  };
  for (const block of blocksOf(pack.index)) {
    const has = await isRead(block);
    const found: ObjectBytes[] = [];
    for (const entry of block.entries) {
      const from = entry.offset - block.offset;
      let bytes: Uint8Array | undefined;
      if (has) bytes = buffer.subarray(from, from + entry.size);
      else if (entry.size <= MOST_WHOLE_BYTES) bytes = await bytesIfReadable(pack, entry);
      found.push({ id: entry.id, size: entry.size, bytes });
    }
    yield found;
  }
}

/** The bytes of one object; undefined where they cannot be read. */
export async function bytesIfReadable(pack: WholePack, entry: PackEntry): Promise<Uint8Array | undefined> {
  try {
    return await pack.read(entry);
  } catch (e) {
    if (!isHsError(e, 'INTEGRITY') && !isErrno(e)) throw e;
    return undefined;
  }
}
