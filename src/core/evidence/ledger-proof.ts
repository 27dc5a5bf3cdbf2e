import * as z from 'zod/mini';
import { HsError } from '../../errors/hs-error.js';
import { parseCanonical } from '../json/canonical.js';
import { check } from '../json/schema.js';
import { decodeEntry, type LedgerEntry } from '../ledger/entry.js';
import { type Checkpoint, decodeCheckpoint } from './checkpoint.js';
import type { PublicKey } from './keys.js';
import {
  HASH_BYTES,
  leafHash,
  rootFromInclusion,
  rootsFromConsistency,
  type TreeHash,
} from './merkle-tree.js';
import { isSignedBy, parseNote } from './signed-note.js';

export const PROOF_SCHEMA = 'hs.ledger-proof/1';
export const MAX_PROOF_BYTES = 512 * 1024;

const note = z.string().check(z.maxLength(64 * 1024));
/** 64 levels are more than a ledger can have. */
const path = z
  .array(z.string().check(z.regex(/^[A-Za-z0-9+/]{43}=$/, 'not a hash in base64')))
  .check(z.maxLength(128));

/** A self-contained proof: a checkpoint, and why an entry, or an older checkpoint, is part of it. */
export const ledgerProof = z.discriminatedUnion('kind', [
  z.strictObject({
    schema: z.literal(PROOF_SCHEMA),
    kind: z.literal('inclusion'),
    checkpoint: note,
    /** The entry's exact bytes, which are UTF-8. */
    entry: z.string().check(z.maxLength(64 * 1024)),
    path,
  }),
  z.strictObject({
    schema: z.literal(PROOF_SCHEMA),
    kind: z.literal('consistency'),
    older: note,
    checkpoint: note,
    path,
  }),
]);
export type LedgerProof = z.output<typeof ledgerProof>;

/** The result of a verified proof. */
export interface Proven {
  readonly checkpoint: Checkpoint;
  readonly older?: Checkpoint;
  readonly entry?: LedgerEntry;
}

export function encodePath(hashes: readonly TreeHash[]): string[] {
  return hashes.map((hash) => hash.toString('base64'));
}

export function decodeProof(bytes: Uint8Array): LedgerProof {
  return check(ledgerProof, parseCanonical(bytes, MAX_PROOF_BYTES), 'INVALID_RECORD', 'the proof');
}

/** The checkpoint in a note signed by this key; INTEGRITY when the key did not sign it. */
export function signedCheckpoint(text: string, key: PublicKey): Checkpoint {
  const parsed = parseNote(text);
  const names = key.name === undefined ? parsed.signatures.map((s) => s.name) : [key.name];
  if (!names.some((name) => isSignedBy(parsed, { name, publicKey: key.publicKey }))) {
    throw new HsError('INTEGRITY', 'the checkpoint was not signed by this key, or was modified');
  }
  return decodeCheckpoint(parsed.text);
}

/** Verifies a proof with only the key: neither a store nor the proof's author is trusted. INTEGRITY when it fails. */
export function verifyProof(proof: LedgerProof, key: PublicKey): Proven {
  const checkpoint = signedCheckpoint(proof.checkpoint, key);
  const hashes = proof.path.map((hash) => Buffer.from(hash, 'base64'));
  if (hashes.some((hash) => hash.length !== HASH_BYTES)) throw fails('a hash of it is not 32 bytes long');
  if (proof.kind === 'consistency') {
    const older = signedCheckpoint(proof.older, key);
    demandConsistent(older, checkpoint, hashes);
    return { checkpoint, older };
  }
  const bytes = Buffer.from(proof.entry);
  const entry = decodeEntry(bytes);
  const root = rootFromInclusion(entry.seq, checkpoint.size, leafHash(bytes), hashes);
  if (root === undefined || !root.equals(checkpoint.root))
    throw fails(`entry ${entry.seq} is not in the ledger of the checkpoint`);
  return { checkpoint, entry };
}

function demandConsistent(older: Checkpoint, newer: Checkpoint, path: readonly TreeHash[]): void {
  if (older.storeId !== newer.storeId) throw fails('the checkpoints are of two stores');
  if (older.size === newer.size) {
    if (!older.root.equals(newer.root) || path.length > 0)
      throw fails('two checkpoints of one size differ: one ledger was shown in two versions');
    return;
  }
  const roots = rootsFromConsistency(older.size, newer.size, older.root, path);
  if (roots === undefined || !roots.older.equals(older.root) || !roots.newer.equals(newer.root))
    throw fails('the newer ledger does not continue the older one: an entry was changed or dropped');
}

function fails(why: string): HsError {
  return new HsError('INTEGRITY', `invalid proof: ${why}`);
}
