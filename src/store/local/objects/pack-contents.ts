import type { PackEntry, PackIndex } from '../../../core/objects/pack-index.js';
import { isErrno } from '../../../errors/hs-error.js';
import type { ObjectBytes } from '../../port/inventory.js';
import type { Pack } from './packs.js';

/** What is read at once. */
const BLOCK_BYTES = 1024 * 1024;

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

/** All objects of a pack in the order of the file; those of a block that cannot be read have no bytes. */
export async function* packContents(pack: Pack): AsyncGenerator<readonly ObjectBytes[], void> {
  let buffer = Buffer.alloc(0);
  const isRead = async ({ offset, end }: Block) => {
    // A damaged index may claim 4 GiB.
    if (end > pack.fileBytes) return false;
    if (end - offset > buffer.length) buffer = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, end - offset));
    try {
      return await pack.fill(buffer.subarray(0, end - offset), offset);
    } catch (e) {
      if (!isErrno(e)) throw e;
      return false;
    }
  };
  for (const block of blocksOf(pack.index)) {
    const has = await isRead(block);
    const bytesOf = ({ offset, size }: PackEntry) =>
      has ? buffer.subarray(offset - block.offset, offset - block.offset + size) : undefined;
    yield block.entries.map((entry) => ({ id: entry.id, size: entry.size, bytes: bytesOf(entry) }));
  }
}
