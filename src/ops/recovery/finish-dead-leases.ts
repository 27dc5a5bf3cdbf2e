import { escapeText } from '../../core/text/escape-control.js';
import { HsError, isErrno } from '../../errors/hs-error.js';
import type { DirEntry } from '../../fsx/disk.js';
import { type DeadLease, isUnclaimed } from '../../store/local/leases.js';
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
  const { leases, layout, disk } = session.store;
  const staged = await disk.readdir(layout.tmp);
  const tokens = await leases.list();
  await clearUnclaimed(session, staged, new Set(tokens));
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
        `what the command of lease ${token} left when it died cannot be cleared now: ${escapeText(e.message)}; hs doctor tells more`,
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
  if (own && !(await session.store.trust.isAccepted())) {
    session.warn(
      `lease ${dead.token} came with this store and is not of your own hs: it was discarded unread`,
    );
    await dead.clear();
    return;
  }
  await dead.leave();
  session.warn(
    `lease ${dead.token} is of a command that died, and was not written by your own hs here: it is left alone; ${own ? `give it up with: hs gc --assume-dead ${dead.token}` : 'its owner finishes it'}`,
  );
}

/**
 * Removes staged files without a lease: a power cut may bring back a name that was removed, and leave an
 * object or an entry with two. What cannot be removed is in nobody's way, and fsck tells of it.
 */
async function clearUnclaimed(
  { store }: Session,
  staged: readonly DirEntry[],
  leases: ReadonlySet<string>,
): Promise<void> {
  for (const { name, kind } of staged) {
    if (name === undefined || kind !== 'file' || !isUnclaimed(name, leases)) continue;
    await store.disk.unlink(`${store.layout.tmp}/${name}`).catch((e) => {
      if (!isErrno(e)) throw e;
    });
  }
}

/**
 * Its staged files first, then its journal, which may stage under the same names, then the lease itself,
 * so that a second death here leaves it to the next writing command.
 */
async function finishLease(session: Session, tx: Transaction, dead: DeadLease): Promise<void> {
  const { layout, disk } = session.store;
  for (const entry of await disk.readdir(layout.tmp)) {
    // A directory that a run left could not be removed, which was said.
    if (!entry.name?.startsWith(`${dead.token}-`) || entry.kind === 'directory') continue;
    await disk.unlink(`${layout.tmp}/${entry.name}`).catch((e) => {
      if (!isErrno(e, 'ENOENT')) throw e;
    });
  }
  if (dead.journal.length > 0) {
    const { finishJournal } = await import('./finish-export.js');
    await finishJournal(session, tx, dead.token, dead.journal);
  }
  await dead.clear();
}
