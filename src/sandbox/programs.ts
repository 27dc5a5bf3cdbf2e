import { HsError } from '../errors/hs-error.js';
import { systemProgram } from '../fsx/system-programs.js';

/** The absolute path of a required program; SANDBOX if the system does not have it. */
export function demandProgram(name: string): string {
  const path = systemProgram(name);
  if (path !== undefined) return path;
  throw new HsError('SANDBOX', `the program '${name}' is not in a system directory`, {
    hint: 'install coreutils; hs does not search PATH for helper programs',
  });
}
