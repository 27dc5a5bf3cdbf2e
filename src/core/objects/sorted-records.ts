import { KEY_BYTES } from './pack-index.js';

/** Records of one length in a file, in order of the key that each begins with: the first bytes of an id. */
export interface SortedRecords {
  readonly count: number;
  /** Bytes of a record. */
  readonly stride: number;
  /** `count` records from that one on; undefined: the file is too short. */
  read(from: number, count: number): Promise<Buffer | undefined>;
}

/** Read at once: ids are as good as evenly spread, so that a record is seldom farther from where it should be. */
const WINDOW_BYTES = 16 * 1024;
/** More only where ids were made to lie unevenly. */
const MOST_READS = 8;
const KEYS = 2 ** (8 * KEY_BYTES);

/**
 * The records with this key, found by interpolation in a few small reads, however many there are. Undefined: not found
 * out in so many, or the file is too short. Of records that are not in order, it may be that some are not found.
 */
export async function recordsWith(key: number, records: SortedRecords): Promise<Buffer | undefined> {
  const { stride } = records;
  const window = Math.max(2, Math.floor(WINDOW_BYTES / stride));
  // Those below `low` have lower keys, those from `high` on have higher ones.
  let [low, lowKey, high, highKey] = [0, 0, records.count, KEYS];
  let tied: number | undefined;
  for (let reads = 0; low < high; reads++) {
    if (reads === MOST_READS) return undefined;
    const share = highKey > lowKey ? (key - lowKey) / (highKey - lowKey) : 0;
    const middle = tied ?? low + Math.floor(share * (high - low));
    const from = Math.max(low, Math.min(middle - (window >>> 1), high - window));
    const bytes = await records.read(from, Math.min(window, high - from));
    if (bytes === undefined) return undefined;
    const count = bytes.length / stride;
    const keyAt = (n: number) => bytes.readUIntBE(n * stride, KEY_BYTES);
    const [first, last] = [keyAt(0), keyAt(count - 1)];
    if (first > key) [high, highKey] = [from, first];
    else if (last < key) [low, lowKey] = [from + count, last];
    // There may be more of them beyond the window.
    else if (first === key && from > low) tied = from;
    else if (last === key && from + count < high) tied = from + count;
    else {
      let [begin, end] = [0, count];
      while (begin < count && keyAt(begin) < key) begin++;
      while (end > begin && keyAt(end - 1) > key) end--;
      return bytes.subarray(begin * stride, end * stride);
    }
  }
  return Buffer.alloc(0);
}
