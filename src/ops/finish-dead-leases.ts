import { isErrno } from '../errors/hs-error.js';
import type { Session } from './session.js';

/**
 * Finishes or undoes what commands that died had begun: their staged files first, then their journals,
 * which may stage under the same names, then the lease itself, so that a second death here leaves it to
 * the next writing command.
 */
export async function finishDeadLeases(session: Session): Promise<void> {
  const { leases, layout, disk } = session.store;
  for (const token of await leases.list()) {
    const dead = await leases.judge(token);
    if (dead === undefined) continue;
    try {
      for (const entry of await disk.readdir(layout.tmp)) {
        // A directory that a run left could not be removed, which was said.
        if (!entry.name?.startsWith(`${token}-`) || entry.kind === 'directory') continue;
        await disk.unlink(`${layout.tmp}/${entry.name}`).catch((e) => {
          if (!isErrno(e, 'ENOENT')) throw e;
        });
      }
      if (dead.journal.length > 0) {
        const { finishJournal } = await import('./finish-journal.js');
        await finishJournal(session, token, dead.journal);
      }
    } catch (e) {
      await dead.leave();
      throw e;
    }
    await dead.clear();
  }
}
