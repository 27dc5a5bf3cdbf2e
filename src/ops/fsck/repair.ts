import type { RepairableFinding } from '../../store/port/finding.js';
import type { Session } from '../session/session.js';

const RECORDED_SUBJECTS = 20;

/** Ledger text: bounded, NFC, well formed (A9). */
function recorded(text: string, max: number): string {
  return text.normalize('NFC').slice(0, max).toWellFormed();
}

/**
 * Repairs what can be repaired without loss, and records it in the ledger (`integrity_finding`). Nothing damaged is
 * removed (D8). Returns the repaired findings.
 */
export async function repairFindings(
  session: Session,
  findings: readonly RepairableFinding[],
): Promise<ReadonlySet<RepairableFinding>> {
  const repaired = new Set<RepairableFinding>();
  await session.write('integrity.repair', [], async (tx) => {
    for (const finding of findings) {
      session.signal.throwIfAborted();
      if (finding.repair === undefined) continue;
      if (await finding.repair({ lease: tx.lease.token, batch: tx.batch })) repaired.add(finding);
    }
    const subjects = findings.slice(0, RECORDED_SUBJECTS).map((f) => recorded(f.subject, 256));
    const count = (severity: string) => findings.filter((f) => f.severity === severity).length;
    const summary = `damage ${count('damage')}, misplaced ${count('misplaced')}, leftover ${count('leftover')}, stray ${count('stray')}`;
    const payload = { findings: findings.length, subjects, repaired: repaired.size, summary };
    await tx.commit(() => ({ type: 'integrity_finding', payload }), { records: true });
  });
  return repaired;
}
