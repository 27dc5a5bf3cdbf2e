import type { SandboxPaths } from './sandbox-paths.js';
import type { SandboxHost } from './sandbox-types.js';
import type { ToolPaths } from './tool-env.js';

/** Private directories on the host's disk, for backends that cannot mount. */
export async function makePrivateDirs(host: SandboxHost, paths: SandboxPaths): Promise<ToolPaths> {
  const home = `${paths.scratch}/home`;
  const tmp = `${paths.scratch}/tmp`;
  for (const dir of [home, tmp]) await host.disk.mkdir(dir, 0o700);
  return { cwd: paths.cwd, out: paths.capture, inputs: paths.inputs, home, tmp };
}
