import * as z from 'zod/mini';
import { canonicalBytes, type Json, parseCanonical } from '../../core/json/canonical.js';
import { objectId } from '../../core/json/schema.js';
import { hmacSha256 } from '../../core/objects/hash.js';
import { HsError } from '../../errors/hs-error.js';

const MAX_SEAL_BYTES = 256;
const sealSchema = z.strictObject({ journal: z.literal('seal'), mac: objectId });
const NEWLINE = Buffer.from('\n');

/** What a journal is bound to, so that it is invalid in another store or as a copy of itself. */
export interface JournalBinding {
  readonly store_id: string;
  readonly lease: string;
  /** Inode of the lease file. */
  readonly inode: string;
}

/**
 * Each journal record is preceded by a seal: a MAC over it and all records before it, keyed with a secret of the
 * user. Foreign data in a store is rejected before a byte of it is parsed.
 */
export class JournalSeal {
  readonly #secret: string;
  #last: string;

  constructor(secret: string, binding: JournalBinding) {
    this.#secret = secret;
    this.#last = hmacSha256(secret, 'hs lease journal\n', canonicalBytes({ ...binding }));
  }

  /** The MAC of the next record; `line` includes its newline. */
  next(line: Uint8Array): string {
    this.#last = hmacSha256(this.#secret, `${this.#last}\n`, line);
    return this.#last;
  }
}

/** A record as stored in a journal; without a seal when the user has no secret. */
export function sealedRecord(seal: JournalSeal | undefined, record: Json): Buffer {
  const line = Buffer.concat([canonicalBytes(record), NEWLINE]);
  if (seal === undefined) return line;
  return Buffer.concat([canonicalBytes({ journal: 'seal', mac: seal.next(line) }), NEWLINE, line]);
}

export interface ReadJournal {
  /** Complete records that this user's own hs wrote; a torn one was never acted on. */
  readonly records: readonly Json[];
  /** Whether there are records and none is this user's. */
  readonly foreign: boolean;
}

/** Reads a journal up to the first record not sealed with the secret. */
export function readJournal(bytes: Uint8Array, seal: JournalSeal | undefined): ReadJournal {
  const records: Json[] = [];
  let mac: string | undefined;
  let start = 0;
  for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
    const line = bytes.subarray(start, end + 1);
    start = end + 1;
    if (mac === undefined) {
      mac = macOf(line);
      if (mac === undefined) return { records, foreign: records.length === 0 };
    } else if (seal?.next(line) === mac) {
      records.push(parseCanonical(line.subarray(0, -1), line.length));
      mac = undefined;
    } else return { records, foreign: records.length === 0 };
  }
  return { records, foreign: false };
}

function macOf(line: Uint8Array): string | undefined {
  if (line.length > MAX_SEAL_BYTES) return undefined;
  try {
    const seal = z.safeParse(sealSchema, parseCanonical(line.subarray(0, -1), MAX_SEAL_BYTES));
    return seal.success ? seal.data.mac : undefined;
  } catch (e) {
    if (e instanceof HsError) return undefined;
    throw e;
  }
}
