import { type Checkpoint, decodeCheckpoint } from '../../core/evidence/checkpoint.js';
import type { PublicKey } from '../../core/evidence/keys.js';
import {
  encodePath,
  type LedgerProof,
  PROOF_SCHEMA,
  signedCheckpoint,
} from '../../core/evidence/ledger-proof.js';
import { parseNote } from '../../core/evidence/signed-note.js';
import { canonicalText } from '../../core/json/canonical.js';
import { HsError } from '../../errors/hs-error.js';
import type { Session } from '../session/session.js';
import { type LedgerTree, ledgerTree } from './sign-checkpoint.js';

/** The checkpoint in a note; it must be of this store, and not newer than the ledger. */
function ownCheckpoint(session: Session, note: string, entries: number): Checkpoint {
  const checkpoint = decodeCheckpoint(parseNote(note).text);
  if (checkpoint.storeId !== session.store.id)
    throw new HsError('CONFLICT', 'the checkpoint belongs to another store');
  if (checkpoint.size > entries) {
    throw new HsError(
      'ROLLED_BACK',
      `the checkpoint has ${checkpoint.size} entries, but the ledger only ${entries}`,
      {
        hint: 'the ledger was truncated or restored from an older copy since the checkpoint was signed',
      },
    );
  }
  return checkpoint;
}

function demandRoot({ leaves }: LedgerTree, checkpoint: Checkpoint): void {
  if (leaves.root(checkpoint.size).equals(checkpoint.root)) return;
  throw new HsError('LEDGER_BROKEN', `the first ${checkpoint.size} entries are not those of the checkpoint`, {
    hint: 'the ledger was rewritten since the checkpoint was signed: hs ledger verify',
  });
}

/** Compares the ledger with a checkpoint that `key` signed: INTEGRITY, CONFLICT, ROLLED_BACK or LEDGER_BROKEN. */
export async function compareWithCheckpoint(
  session: Session,
  note: string,
  key: PublicKey,
): Promise<Checkpoint> {
  signedCheckpoint(note, key);
  const checkpoint = ownCheckpoint(session, note, (await session.store.ledger.headSeq()) + 1);
  demandRoot(await ledgerTree(session, checkpoint.size), checkpoint);
  return checkpoint;
}

/** Proves that entry `seq` is in the ledger of a checkpoint, for a verifier who has the checkpoint but no store. */
export async function proveInclusion(session: Session, seq: number, note: string): Promise<LedgerProof> {
  const checkpoint = ownCheckpoint(session, note, (await session.store.ledger.headSeq()) + 1);
  if (seq >= checkpoint.size) {
    throw new HsError('NOT_FOUND', `entry ${seq} is not in the ledger of the checkpoint`, {
      hint: `it has entries 0 to ${checkpoint.size - 1}: sign a newer one`,
    });
  }
  const tree = await ledgerTree(session, checkpoint.size);
  demandRoot(tree, checkpoint);
  const { entry } = await session.store.ledger.read(seq);
  return {
    schema: PROOF_SCHEMA,
    kind: 'inclusion',
    checkpoint: note,
    entry: canonicalText(entry),
    path: encodePath(tree.leaves.inclusionProof(seq, checkpoint.size)),
  };
}

/**
 * Proves that the ledger of a newer checkpoint extends that of an older one: nothing was changed or dropped in between.
 */
export async function proveConsistency(session: Session, older: string, newer: string): Promise<LedgerProof> {
  const entries = (await session.store.ledger.headSeq()) + 1;
  const [before, after] = [ownCheckpoint(session, older, entries), ownCheckpoint(session, newer, entries)];
  if (before.size > after.size) throw new HsError('USAGE', 'the older checkpoint has more entries');
  const tree = await ledgerTree(session, after.size);
  demandRoot(tree, before);
  demandRoot(tree, after);
  return {
    schema: PROOF_SCHEMA,
    kind: 'consistency',
    older,
    checkpoint: newer,
    path: encodePath(tree.leaves.consistencyProof(before.size, after.size)),
  };
}
