import type { Environment } from '../core/ports.js';
import { isErrno } from '../errors/hs-error.js';
import type { Disk } from '../fsx/disk.js';
import type { SandboxHost } from './types.js';

// Before PATH, which may begin with the project's own node_modules/.bin.
const SYSTEM_DIRS = [
  '/usr/bin',
  '/bin',
  '/usr/sbin',
  '/sbin',
  '/run/current-system/sw/bin',
  '/usr/local/bin',
];

/**
 * This machine. `without` names programs to be taken as not installed; `namespaces: false` takes them as
 * forbidden.
 */
export function sandboxHost(
  disk: Disk,
  environment: Environment,
  options: { readonly without?: readonly string[]; readonly namespaces?: boolean } = {},
): SandboxHost {
  const path = (environment.get('PATH') ?? '').split(':').filter((dir) => dir.startsWith('/'));
  const found = new Map<string, Promise<string | undefined>>();
  return {
    disk,
    platform: environment.platform,
    arch: process.arch,
    uid: environment.uid,
    gid: process.getgid?.() ?? -1,
    home: environment.home,
    namespaces: options.namespaces ?? true,
    find(program) {
      if (options.without?.includes(program)) return Promise.resolve(undefined);
      let place = found.get(program);
      if (place === undefined) {
        place = findProgram(disk, program, [...SYSTEM_DIRS, ...path]);
        found.set(program, place);
      }
      return place;
    },
  };
}

async function findProgram(
  disk: Disk,
  program: string,
  dirs: readonly string[],
): Promise<string | undefined> {
  for (const dir of dirs) {
    try {
      const { kind, mode } = await disk.stat(`${dir}/${program}`);
      if (kind === 'file' && (mode & 0o111) !== 0) return `${dir}/${program}`;
    } catch (e) {
      if (!isErrno(e, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) throw e;
    }
  }
  return undefined;
}
