import { type DoctorCheck, ok, problem } from '../../core/health-check.js';
import { isHsError } from '../../errors/hs-error.js';
import { checkFilesystem } from '../../fsx/check-filesystem.js';
import { acceptStore } from '../govern/accept-store.js';
import type { Session } from '../session/session.js';
import { checkMachine, type Machine } from './check-machine.js';
import { checkStore } from './check-store.js';

/**
 * Checks the machine, and the store if there is one; a store that cannot be opened is a finding. With `accept`, accepts
 * the store first, or throws.
 */
export async function doctor(
  machine: Machine,
  open: () => Promise<Session>,
  options: { readonly accept?: boolean } = {},
): Promise<DoctorCheck[]> {
  let session: Session | undefined;
  if (options.accept) {
    session = await open();
    await acceptStore(session);
  }
  const checks = await checkMachine(machine);
  try {
    session ??= await open();
  } catch (e) {
    if (!isHsError(e, 'NO_STORE', 'UNKNOWN_FORMAT', 'REFUSED')) throw e;
    const none = e.code === 'NO_STORE' && machine.environment.get('HS_STORE') === undefined;
    const here = none ? await checkFilesystem(machine.disk, machine.environment.cwd) : [];
    return [...checks, none ? ok('store', e.message) : problem('store', e.message, e.hint ?? ''), ...here];
  }
  return [...checks, ...(await checkStore(session))];
}
