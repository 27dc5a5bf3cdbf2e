import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { DeadLease } from '../../store/port/lease-table.js';
import type { Recovery, Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';

/**
 * Finishes or undoes what commands that died had begun, but for the leases that are given up. What cannot
 * be finished now (its destination is read-only, its journal unreadable) is told of and left to the next
 * writing command: it never stops the one that is at work.
 */
async function finishDeadLeases(
  session: Session,
  tx: Transaction,
  givenUp: readonly string[],
): Promise<void> {
  const { leases } = session.store;
  await leases.discardUnclaimed();
  const tokens = await leases.list();
  let finished = 0;
  for (const token of tokens) {
    const dead = givenUp.includes(token) ? undefined : await leases.judge(token);
    if (dead === undefined) continue;
    finished += 1;
    if (finished === 1)
      session.progress.start('finishing what interrupted commands left', undefined, 'commands');
    session.progress.advance(1);
    try {
      if (dead.foreign) await setAside(session, dead);
      else await finishLease(session, tx, dead);
    } catch (e) {
      await dead.leave();
      if (!isErrno(e) && !(e instanceof HsError)) throw e;
      session.warn(
        `cannot clean up after the dead command of lease ${token} now: ${escapeText(e.message)}; see hs doctor`,
      );
    }
  }
  if (finished > 0) session.progress.done();
}

/** What a session is given to finish the work of commands that died. */
export const recovery: Recovery = { finishDeadLeases };

/**
 * A journal that this user's own hs did not write says nothing: what it names could be anything. In a store that
 * this user accepted it stays for whoever wrote it; one that came along with a store goes.
 */
async function setAside(session: Session, dead: DeadLease): Promise<void> {
  const own = dead.uid === session.environment.uid;
  if (own && !(await session.store.local.trust.isAccepted())) {
    session.warn(
      `lease ${dead.token} came with this store and was not written by your own hs: it was discarded unread`,
    );
    await dead.clear();
    return;
  }
  await dead.leave();
  session.warn(
    `lease ${dead.token} belongs to a dead command and was not written by your own hs: it was left alone; ${own ? `abandon it with: hs gc --assume-dead ${dead.token}` : 'its owner finishes it'}`,
  );
}

/**
 * Its staged files first, then its journal, which may stage under the same names, then the lease itself,
 * so that a second death here leaves it to the next writing command.
 */
async function finishLease(session: Session, tx: Transaction, dead: DeadLease): Promise<void> {
  await dead.discardStaged();
  if (dead.journal.length > 0) {
    const { finishJournal } = await import('./finish-export.js');
    await finishJournal(session, tx, dead.token, dead.journal);
  }
  await dead.clear();
}
