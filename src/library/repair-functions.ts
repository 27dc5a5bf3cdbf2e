import type { DoctorCheck } from '../core/health-check.js';
import { nodeDisk } from '../fsx/node-disk.js';
import { systemEnvironment, systemRandom } from '../fsx/system-effects.js';
import type { Session } from '../ops/session/session.js';
import * as given from './arguments.js';
import { camelCased } from './camel-case.js';
import { sessionOf } from './open-store.js';
import type { DoctorOptions, RollbackOptions } from './options.js';
import type { AcceptedRollback } from './results.js';

/**
 * Checks this machine, and the store if there is one; a store that cannot be opened is a finding (`hs doctor`). With
 * `accept`, trusts a store that came from elsewhere.
 *
 * @example
 * const checks = await doctor({ store: '.' });
 * checks.find(({ check }) => check === 'node').state; // → 'ok'
 */
export async function doctor(options: DoctorOptions = {}): Promise<DoctorCheck[]> {
  const { accept = false, ...open } = given.doctorOptions(options);
  open.signal?.throwIfAborted();
  const { doctor: examine } = await import('../ops/doctor/doctor.js');
  const opened: Session[] = [];
  const session = async () => {
    const made = await sessionOf(open, { unchecked: true });
    opened.push(made);
    return made;
  };
  const machine = {
    disk: nodeDisk(),
    environment: systemEnvironment(),
    random: systemRandom(),
    nodeVersion: process.versions.node,
  };
  try {
    return await examine(machine, session, { accept });
  } finally {
    for (const made of opened) await made.close();
  }
}

/**
 * Accepts a ledger that lacks entries seen before, such as that of a copy put back, and continues with it (`hs ledger
 * accept-rollback`). LEDGER_BROKEN if it is not one unbroken chain.
 *
 * @example
 * await cp('.hsstore', 'copy/.hsstore', { recursive: true });
 * await store.note('not in the copy');
 * await openStore({ store: 'copy' }); // throws ROLLED_BACK
 * const { accepted, seen } = await acceptRollback({ store: 'copy', reason: 'the copy of Monday' });
 * [accepted, seen.seq]; // → [true, 3]
 */
export async function acceptRollback(options: RollbackOptions = {}): Promise<AcceptedRollback> {
  const { reason, ...open } = given.rollbackOptions(options);
  const { acceptRollback: accept } = await import('../ops/govern/accept-rollback.js');
  const session = await sessionOf(open, { unchecked: true });
  try {
    return camelCased(await accept(session, reason));
  } finally {
    await session.close();
  }
}
