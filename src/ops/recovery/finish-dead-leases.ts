import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { DeadLease } from '../../store/port/lease-table.js';
import type { Recovery, Session } from '../session/session.js';
import type { Transaction } from '../session/transaction.js';

/**
 * Completes or undoes the unfinished work of commands that died, except of abandoned leases. Work that cannot be
 * finished now (read-only destination, unreadable journal) is reported and left to the next writing command; it never
 * stops the current one.
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
    try {
      // The entry of a command that was killed may be there although nothing of it is here.
      await session.store.anchor.confirm();
    } catch (e) {
      await dead.leave();
      throw e;
    }
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

/** Gives a session the means to finish the work of dead commands. */
export const recovery: Recovery = { finishDeadLeases };

/**
 * A journal not written by this user's own hs is not trusted: it could name anything. In a store that this user
 * accepted, it stays for its author; one that came with a store is deleted.
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
 * First its staged files, then its journal, which may use the same names for staging, then the lease itself, so that
 * after a second death here the next writing command continues.
 */
async function finishLease(session: Session, tx: Transaction, dead: DeadLease): Promise<void> {
  await dead.discardStaged();
  if (dead.journal.length > 0) {
    const { finishJournal } = await import('./finish-export.js');
    await finishJournal(session, tx, dead.token, dead.journal);
  }
  await dead.clear();
}
