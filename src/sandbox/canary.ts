import { isErrno } from '../errors/hs-error.js';
import { isWithin, type SandboxPaths } from './sandbox-paths.js';
import type { SandboxHost } from './sandbox-types.js';

/**
 * Files that the launcher tries to write inside the sandbox before it starts the tool; outside, the caller could write
 * each of them. If one can be written, there is no sandbox. The project is left out if an overlay takes the tool's
 * writes to it, the home directory if it is inside a hidden directory.
 */
export async function makeCanaries(
  host: SandboxHost,
  paths: SandboxPaths,
  project: 'forbidden' | 'overlaid',
  hiddenDirs: readonly string[] = [],
): Promise<string[]> {
  const name = `.hs-probe-${process.pid}`;
  await host.disk.writeFile(`${paths.scratch}/canary`, new Uint8Array(), { mode: 0o600, sync: false });
  const dirs = [paths.store, ...(project === 'forbidden' ? [paths.project] : [])];
  const home = await realOrNone(host, host.home);
  if (home !== undefined && ![paths.project, ...hiddenDirs].some((dir) => isWithin(home, dir)))
    dirs.push(home);
  return [`${paths.scratch}/canary`, ...dirs.map((dir) => `${dir === '/' ? '' : dir}/${name}`)];
}

async function realOrNone(host: SandboxHost, path: string | undefined): Promise<string | undefined> {
  if (path === undefined || !path.startsWith('/')) return undefined;
  try {
    return await host.disk.realpath(path);
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'EACCES', 'ENOTDIR')) return undefined;
    throw e;
  }
}
