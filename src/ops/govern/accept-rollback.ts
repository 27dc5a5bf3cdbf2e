import type { Head } from '../../core/catalog/catalog.js';
import { compact } from '../../core/json/omit-undefined.js';
import { toReason } from '../../core/text/ledger-text.js';
import { isHsError } from '../../errors/hs-error.js';
import type { Session } from '../session/session.js';

export interface AcceptedRollback {
  /** False: the ledger continues what was seen, and nothing was changed. */
  readonly accepted: boolean;
  /** The last head seen; absent if the anchor was unreadable. */
  readonly seen?: Head;
  /** The head, after the entry that records the decision. */
  readonly head: Head;
}

/**
 * Accepts a ledger that lacks entries seen before, or whose anchor is lost, as complete (F3): records that, and sets
 * the anchor to its head. The session must be opened `unchecked`. LEDGER_BROKEN if the chain is broken.
 */
export async function acceptRollback(session: Session, given: string | undefined): Promise<AcceptedRollback> {
  const { store } = session;
  const reason = toReason(given);
  const found = await store.anchor.look();
  const seen = found === 'lost' ? undefined : found;
  const before = await store.ledger.head();
  if (found === undefined || (await isWhole(session, before))) return { accepted: false, head: before };
  await store.foldFromLedger();
  await session.write('ledger.accept_rollback', [], async (tx) => {
    await tx.commit(({ head }) => ({
      type: 'rollback_accepted',
      payload: compact({ anchor_seq: seen?.seq, anchor_hash: seen?.hash, head_seq: head.seq, reason }),
    }));
  });
  return { accepted: true, ...(seen && { seen }), head: await store.anchor.acceptHead() };
}

async function isWhole(session: Session, head: Head): Promise<boolean> {
  try {
    await session.store.anchor.check(head);
    return true;
  } catch (e) {
    if (isHsError(e, 'ROLLED_BACK')) return false;
    throw e;
  }
}
