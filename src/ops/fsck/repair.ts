import { isErrno } from '../../errors/hs-error.js';
import { FAN_OUT } from '../../store/layout.js';
import type { Session } from '../session.js';
import type { Finding } from './finding.js';

const DIR_MODE = 0o700;
const RECORDED_SUBJECTS = 20;

/** Ledger text: bounded, NFC, well formed (A9). */
function recorded(text: string, max: number): string {
  return text.normalize('NFC').slice(0, max).toWellFormed();
}

async function makeDirectory(session: Session, path: string): Promise<void> {
  const { disk, layout } = session.store;
  await disk.mkdir(path, DIR_MODE);
  if (path === layout.objects) for (const name of FAN_OUT) await disk.mkdir(`${path}/${name}`, DIR_MODE);
  await disk.syncDir(path);
  await disk.syncDir(path.slice(0, path.lastIndexOf('/')));
}

/** Undefined: it is not there any more, so there is nothing to do. */
async function unlessGone(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (e) {
    if (!isErrno(e, 'ENOENT', 'EEXIST')) throw e;
  }
}

async function apply(session: Session, finding: Finding): Promise<boolean> {
  const { disk, objects, layout } = session.store;
  const { repair } = finding;
  if (repair === undefined) return false;
  switch (repair.act) {
    case 'finish-lease':
      // Every writing command finishes dead leases before it begins, this one too.
      break;
    case 'unlink':
      await unlessGone(() => disk.unlink(repair.path));
      break;
    case 'make-directory':
      await unlessGone(() => makeDirectory(session, repair.path));
      break;
    case 'chmod':
      for (const path of repair.paths) await unlessGone(() => disk.chmod(path, repair.mode));
      break;
    case 'bring-back':
      if ((await objects.bringBack(repair.id)) === undefined) return false;
      await disk.syncDir(layout.objectDir(repair.id));
  }
  return true;
}

/**
 * Repairs what can be repaired without a loss, and records that in the ledger (`integrity_finding`).
 * Nothing that is damaged is removed (D8). Returns the findings that were repaired.
 */
export async function repairFindings(
  session: Session,
  findings: readonly Finding[],
): Promise<ReadonlySet<Finding>> {
  const repaired = new Set<Finding>();
  // Without them no command can take a lease or write an entry, this one neither.
  const { leases, tmp } = session.store.layout;
  for (const finding of findings) {
    const { repair } = finding;
    if (repair?.act !== 'make-directory' || (repair.path !== leases && repair.path !== tmp)) continue;
    if (await apply(session, finding)) repaired.add(finding);
  }
  await session.write('integrity.repair', [], async (tx) => {
    for (const finding of findings) {
      session.signal.throwIfAborted();
      if (!repaired.has(finding) && (await apply(session, finding))) repaired.add(finding);
    }
    const subjects = findings.slice(0, RECORDED_SUBJECTS).map((f) => recorded(f.subject, 256));
    const count = (severity: string) => findings.filter((f) => f.severity === severity).length;
    const summary = `damage ${count('damage')}, misplaced ${count('misplaced')}, leftover ${count('leftover')}, stray ${count('stray')}`;
    await tx.commit(() => ({
      type: 'integrity_finding',
      payload: { findings: findings.length, subjects, repaired: repaired.size, summary },
    }));
  });
  return repaired;
}
