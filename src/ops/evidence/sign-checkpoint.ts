import type { KeyObject } from 'node:crypto';
import { type Checkpoint, encodeCheckpoint, originOf } from '../../core/evidence/checkpoint.js';
import { parsePrivateKey } from '../../core/evidence/keys.js';
import { Leaves, leafHash } from '../../core/evidence/merkle-tree.js';
import {
  ed25519PublicKey,
  isKeyName,
  localSigner,
  type NoteSigner,
  signNote,
  verifierKey,
} from '../../core/evidence/signed-note.js';
import { encodeEntry } from '../../core/ledger/entry.js';
import type { ObjectId } from '../../core/objects/ids.js';
import { HsError } from '../../errors/hs-error.js';
import { agentKeys } from '../../fsx/ssh-agent.js';
import type { Session } from '../session/session.js';

const MAX_KEY_BYTES = 64 * 1024;

/** The Merkle tree over the ledger, the chain checked on the way; `hashes[n]` is the hash of entry n. */
export interface LedgerTree {
  readonly leaves: Leaves;
  readonly head: ObjectId;
}

/** The tree of the first `size` entries, of all of them without it. */
export async function ledgerTree(session: Session, size?: number): Promise<LedgerTree> {
  const { ledger } = session.store;
  const last = size === undefined ? await ledger.headSeq() : size - 1;
  session.progress.start('reading the ledger', last + 1, 'entries');
  const leaves = new Leaves();
  let head: ObjectId | undefined;
  for await (const { entry, hash } of ledger.walk(undefined, last)) {
    session.signal.throwIfAborted();
    // Canonical, and a reader refuses what is not: these are the bytes on disk.
    leaves.push(leafHash(encodeEntry(entry)));
    head = hash;
    session.progress.advance(1);
  }
  session.progress.done();
  return { leaves, head: head! };
}

export interface SignOptions {
  /** A file, or `ssh-agent`. */
  readonly key: string;
  /** What the note shows as the signer's name; else the ledger's origin. */
  readonly name?: string;
}

export interface SignedCheckpoint {
  readonly note: string;
  readonly checkpoint: Checkpoint;
  /** What a verifier is to be told: `NAME+HASH+KEY`. */
  readonly verifierKey: string;
}

/** A signed statement of what the ledger is now (I4). Nothing is written. */
export async function signCheckpoint(session: Session, options: SignOptions): Promise<SignedCheckpoint> {
  const storeId = session.store.id;
  const name = options.name ?? originOf(storeId);
  if (!isKeyName(name)) {
    throw new HsError('USAGE', `'${name}' is no name for a key`, { hint: "no spaces, no '+'" });
  }
  const signer =
    options.key === 'ssh-agent'
      ? await agentSigner(session, name)
      : localSigner(name, await readKey(session, options.key));
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

async function readKey(session: Session, path: string): Promise<KeyObject> {
  const bytes = await session.disk.readFile(path, MAX_KEY_BYTES);
  return parsePrivateKey(Buffer.from(bytes).toString('utf8'));
}

async function agentSigner(session: Session, name: string): Promise<NoteSigner> {
  const socket = session.environment.get('SSH_AUTH_SOCK');
  if (socket === undefined || socket === '') {
    throw new HsError('USAGE', 'SSH_AUTH_SOCK is not set: there is no SSH agent', {
      hint: 'start one with: eval "$(ssh-agent)"',
    });
  }
  const keys = await agentKeys(socket);
  const [key, ...others] = keys;
  if (key === undefined || others.length > 0) {
    throw new HsError(
      'USAGE',
      key === undefined
        ? 'the SSH agent holds no Ed25519 key'
        : `the SSH agent holds ${keys.length} Ed25519 keys: which one is to sign?`,
      { hint: key === undefined ? 'ssh-add one' : 'name the file of the private key with --key' },
    );
  }
  return { name, publicKey: ed25519PublicKey(key.raw), sign: (text) => key.sign(text) };
}
