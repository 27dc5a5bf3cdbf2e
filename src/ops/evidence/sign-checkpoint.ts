import { type Checkpoint, encodeCheckpoint, originOf } from '../../core/evidence/checkpoint.js';
import { Leaves, leafHash } from '../../core/evidence/merkle-tree.js';
import { isKeyName, signNote, verifierKey } from '../../core/evidence/signed-note.js';
import { encodeEntry } from '../../core/ledger/entry.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import type { Session } from '../session/session.js';
import { openSigner } from './open-signer.js';

/** The Merkle tree over the ledger, built while the chain is verified; `hashes[n]` is the hash of entry n. */
export interface LedgerTree {
  readonly leaves: Leaves;
  readonly head: ObjectId;
}

/** The tree of the first `size` entries, by default of all. */
export async function ledgerTree(session: Session, size?: number): Promise<LedgerTree> {
  const { ledger } = session.store;
  const last = size === undefined ? await ledger.headSeq() : size - 1;
  session.progress.start('reading the ledger', last + 1, 'entries');
  const leaves = new Leaves();
  let head: ObjectId | undefined;
  for await (const { entry, hash } of ledger.walk(undefined, last)) {
    session.signal.throwIfAborted();
    // Readers reject any non-canonical entry, so these are the bytes on disk.
    leaves.push(leafHash(encodeEntry(entry)));
    head = hash;
    session.progress.advance(1);
  }
  session.progress.done();
  return { leaves, head: head! };
}

export interface SignOptions {
  /** The private key file, or `ssh-agent`. */
  readonly key: string;
  /** The signer's name in the note; by default the origin of the ledger. */
  readonly name?: string;
}

export interface SignedCheckpoint {
  readonly note: string;
  readonly checkpoint: Checkpoint;
  /** The key for verifiers: `NAME+HASH+KEY`. */
  readonly verifierKey: string;
}

/** Creates a signed checkpoint of the ledger (I4). Writes nothing. */
export async function signCheckpoint(session: Session, options: SignOptions): Promise<SignedCheckpoint> {
  const storeId = session.store.id;
  const name = options.name ?? originOf(storeId);
  if (!isKeyName(name)) {
    throw new HsError('USAGE', `'${name}' is not a valid key name`, { hint: "no spaces, no '+'" });
  }
  const signer = { name, ...(await openSigner(session, options.key)) };
  const { leaves, head } = await ledgerTree(session);
  const checkpoint: Checkpoint = {
    storeId,
    size: leaves.size,
    root: Buffer.from(leaves.root()),
    head,
    time: session.now(),
  };
  const note = await signNote(encodeCheckpoint(checkpoint), signer);
  return { note, checkpoint, verifierKey: verifierKey(signer) };
}
