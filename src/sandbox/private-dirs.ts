import type { Places } from './sandbox-paths.js';
import type { SandboxHost } from './sandbox-types.js';
import type { ToolPlaces } from './tool-env.js';

/** Private directories on the host's disk, for backends that cannot mount. */
export async function makeOwnDirs(host: SandboxHost, places: Places): Promise<ToolPlaces> {
  const home = `${places.scratch}/home`;
  const tmp = `${places.scratch}/tmp`;
  for (const dir of [home, tmp]) await host.disk.mkdir(dir, 0o700);
  return { cwd: places.cwd, out: places.capture, inputs: places.inputs, home, tmp };
}
