import { isErrno, isHsError } from '../../../errors/hs-error.js';
import { findDeadLeases, type JudgedLeases } from '../../collector/find-dead-leases.js';
import { HINT_REPAIR } from '../../port/finding.js';
import type { LeaseTable } from '../../port/lease-table.js';
import { isLeaseToken, isUnclaimed } from '../leases.js';
import { shownName } from '../ledger-listing.js';
import type { Findings } from './findings.js';
import { removeFile } from './repairs.js';

async function judgedLeases(leases: LeaseTable): Promise<JudgedLeases> {
  try {
    return await findDeadLeases(leases);
  } catch (e) {
    if (isErrno(e, 'ENOENT') || isHsError(e, 'INTEGRITY')) return { dead: [], alive: [] };
    throw e;
  }
}

/** Lists tmp/ before leases/, so that files of a command started in between are not seen at all. */
export async function checkStaged(findings: Findings, leases: LeaseTable): Promise<void> {
  const { disk, layout } = findings.parts;
  const staged = await findings.list(layout.tmp);
  for (const entry of await findings.list(layout.leases)) {
    if (entry.name === undefined || !isLeaseToken(entry.name) || entry.kind !== 'file') {
      findings.stray(`leases/${shownName(entry)}`, 'not a lease');
    }
  }
  const { dead, alive } = await judgedLeases(leases);
  for (const token of dead) {
    const subject = `leases/${token}`;
    findings.add({
      severity: 'leftover',
      subject,
      message: `${subject} is the lease of a dead command`,
      hint: `the next command that writes cleans it up, as does ${HINT_REPAIR}`,
      // Every writing command, including this repair, finishes dead leases first, where possible.
      repair: { action: 'finish', subject, run: async () => !(await leases.exists(token)) },
    });
  }
  const living = new Set(alive);
  const leased = new Set([...alive, ...dead]);
  for (const entry of staged) {
    const subject = `tmp/${shownName(entry)}`;
    const token = entry.name?.split('-')[0] ?? '';
    const path = `${layout.tmp}/${entry.name}`;
    // The run directory of a tool; that of a dead run is removed with its lease.
    if (entry.kind === 'directory' && entry.name === `${token}-run` && leased.has(token)) continue;
    if (living.has(token)) continue;
    const gone = entry.name !== undefined && (await findings.lstat(path)) === undefined;
    if (gone) continue;
    if (entry.name === undefined || entry.kind !== 'file' || !isUnclaimed(entry.name, living)) {
      findings.stray(subject, 'not a staged file');
      continue;
    }
    findings.add({
      severity: 'leftover',
      subject,
      message: `${subject} was staged by a dead command`,
      hint: HINT_REPAIR,
      repair: { action: 'remove', subject, run: removeFile(disk, path) },
    });
  }
}
