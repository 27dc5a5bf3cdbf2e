import { decodeEntry } from '../../core/ledger/entry.js';
import { sha256 } from '../../core/objects/hash.js';
import { parallel } from '../../core/parallel.js';
import { isHsError } from '../../errors/hs-error.js';
import type { S3Client } from './client/s3-client.js';
import { entryKey, SEGMENT_ENTRIES, SEGMENTS, segmentKey, TAIL, TAIL_STEP } from './keys.js';
import type { LedgerState } from './ledger-state.js';
import type { Mirror } from './mirror.js';

const NEWLINE = 10;
/** A tail is read by every machine that is new to the store. */
const MAX_TAIL_BYTES = 4 * 1024 * 1024;

/** Lines without the newline that ends each. */
function* linesOf(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, from);
    if (end < 0) return;
    yield bytes.subarray(from, end);
    from = end + 1;
  }
}

/** Whether an entry is chained to the one with this hash. */
export function follows(bytes: Uint8Array, hash: string): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(`"prev":"${hash}"`);
}

/**
 * The lines of a tail that begins with entry `first`, if each follows the one before: the entries they stand for are
 * proven once the last of them is what the service has.
 */
export function tailLines(bytes: Uint8Array | undefined, first: number): Uint8Array[] {
  if (bytes === undefined) return [];
  const lines = [...linesOf(bytes)];
  try {
    if (lines[0] === undefined || decodeEntry(lines[0]).seq !== first) return [];
  } catch (e) {
    if (!isHsError(e, 'INVALID_RECORD')) throw e;
    return [];
  }
  const isChain = lines.every((line, n) => n === 0 || follows(line, sha256(lines[n - 1]!)));
  return isChain ? lines : [];
}

/** The segments there are, the first to the last without a gap. */
export async function listSegments(client: S3Client): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of client.list(SEGMENTS)) {
    if (key !== segmentKey(keys.length)) break;
    keys.push(key);
  }
  return keys;
}

/**
 * Brings the entries of these segments into the mirror, for a machine that has none: 10 requests instead of 4,105 for
 * 4,099 entries. A segment is derived, and proves nothing: lines are taken as far as they are a chain whose last entry
 * is the service's. Returns the number of the last entry, or -1.
 */
export async function readSegments(
  client: S3Client,
  mirror: Mirror,
  state: LedgerState,
  keys: readonly string[],
): Promise<number> {
  const fetched = new Map<string, Uint8Array | undefined>();
  const end = keys.length * SEGMENT_ENTRIES - 1;
  // Asked for beside the segments: what all of them end with.
  const [there] = await Promise.all([
    end < 0 ? undefined : client.get(entryKey(end)),
    parallel(keys, async (key) => void fetched.set(key, await client.get(key)), 4),
  ]);
  const chain: Uint8Array[] = [];
  let hash: string | undefined;
  read: for (const key of keys) {
    const lines = [...linesOf(fetched.get(key) ?? new Uint8Array())];
    if (lines.length !== SEGMENT_ENTRIES) break;
    for (const line of lines) {
      if (hash !== undefined && !follows(line, hash)) break read;
      hash = sha256(line);
      chain.push(line);
    }
  }
  const last = chain.length - 1;
  if (last < 0) return -1;
  const proof = last === end ? there : await client.get(entryKey(last));
  if (proof === undefined || sha256(proof) !== hash) return -1;
  await parallel(chain.keys(), (n) => mirror.keepEntry(n, chain[n]!));
  for (const [n, line] of chain.entries()) state.advance(n, line);
  return last;
}

/**
 * Writes what a machine that is new to the store reads in place of entries: the segment that ends with this one, or the
 * tail. Whoever appends the entry does; a failure only costs time.
 */
export async function summarize(client: S3Client, mirror: Mirror, seq: number): Promise<void> {
  if ((seq + 1) % TAIL_STEP !== 0) return;
  const isFull = (seq + 1) % SEGMENT_ENTRIES === 0;
  const first = seq - (seq % SEGMENT_ENTRIES);
  const parts: Uint8Array[] = [];
  let hash: string | undefined;
  for (let n = first; n <= seq; n++) {
    const bytes = await mirror.entry(n);
    if (bytes === undefined || (hash !== undefined && !follows(bytes, hash))) return;
    hash = sha256(bytes);
    parts.push(bytes, Buffer.from([NEWLINE]));
  }
  const whole = Buffer.concat(parts);
  if (!isFull && whole.length > MAX_TAIL_BYTES) return;
  try {
    await client.put(isFull ? segmentKey(first / SEGMENT_ENTRIES) : TAIL, whole);
  } catch (e) {
    if (!client.isOutside(e)) throw e;
  }
}
