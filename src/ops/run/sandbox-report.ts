import type { Environment, Random } from '../../core/effects.js';
import type { Disk } from '../../fsx/disk.js';
import { type BackendReport, probeBackends, removeScratch, sandboxHost } from '../../sandbox/sandbox.js';

export type { BackendReport };

/** The sandboxes that `hs run` can use on this machine, each tested with real forbidden writes (`hs doctor`). */
export async function sandboxReport(
  disk: Disk,
  environment: Environment,
  random: Random,
): Promise<BackendReport[]> {
  const typed = environment.get('TMPDIR');
  const base = await disk.realpath(typed?.startsWith('/') ? typed : '/tmp');
  const dir = `${base}/hs-probe-${random.hex(16)}`;
  await disk.mkdir(dir, 0o700);
  try {
    return await probeBackends(sandboxHost(disk, environment), dir);
  } finally {
    await removeScratch(dir);
  }
}
