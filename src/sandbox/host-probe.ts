import type { Environment } from '../core/effects.js';
import type { Disk } from '../fsx/disk.js';
import { systemProgram } from '../fsx/system-programs.js';
import type { SandboxHost } from './sandbox-types.js';

/**
 * Probes this machine. `without` names programs to treat as not installed; `namespaces: false` treats namespaces as
 * forbidden.
 */
export function sandboxHost(
  disk: Disk,
  environment: Environment,
  options: { readonly without?: readonly string[]; readonly namespaces?: boolean } = {},
): SandboxHost {
  const found = new Map<string, string | undefined>();
  return {
    disk,
    platform: environment.platform,
    arch: process.arch,
    uid: environment.uid,
    gid: process.getgid?.() ?? -1,
    home: environment.home,
    namespaces: options.namespaces ?? true,
    async find(program) {
      if (options.without?.includes(program)) return undefined;
      if (!found.has(program)) found.set(program, systemProgram(program));
      return found.get(program);
    },
  };
}
