import { HsError } from '../errors/hs-error.js';
import type { SandboxHost, SandboxRequest } from './sandbox-types.js';

/** A request's directories with every link resolved, as mounts need them. */
export interface SandboxPaths {
  readonly project: string;
  readonly cwd: string;
  readonly capture: string;
  readonly inputs: string | undefined;
  readonly scratch: string;
  readonly store: string;
}

/** True if `path` is `dir` or below it. */
export function isWithin(path: string, dir: string): boolean {
  return path === dir || path.startsWith(dir === '/' ? '/' : `${dir}/`);
}

export async function resolveSandboxPaths(host: SandboxHost, request: SandboxRequest): Promise<SandboxPaths> {
  const real = (path: string) => host.disk.realpath(path);
  const paths: SandboxPaths = {
    project: await real(request.projectDir),
    cwd: await real(request.cwd ?? request.projectDir),
    capture: await real(request.captureDir),
    inputs: request.inputsDir === undefined ? undefined : await real(request.inputsDir),
    scratch: await real(request.scratchDir),
    store: await real(request.storeDir),
  };
  if (isWithin(paths.project, paths.store)) {
    throw new HsError('USAGE', `cannot run a tool on '${paths.project}': it is inside the store`);
  }
  return paths;
}
