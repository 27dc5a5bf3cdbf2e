import type { Environment, Random } from '../../core/effects.js';
import { type DoctorCheck, ok, problem, warning } from '../../core/health-check.js';
import { isErrno } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';

const LEAST_NODE = [20, 19] as const;

export interface Machine {
  readonly disk: Disk;
  readonly environment: Environment;
  readonly random: Random;
  /** For example `20.19.0`. */
  readonly nodeVersion: string;
}

export function checkNode(version: string): DoctorCheck {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const enough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  if (enough) return ok('node', version);
  return problem('node', `${version} is too old`, `install Node.js ${LEAST_NODE.join('.')} or newer`);
}

export function checkPlatform(platform: NodeJS.Platform): DoctorCheck {
  if (platform === 'linux') return ok('platform', 'linux');
  if (platform === 'darwin') {
    return warning('platform', 'macOS may work, but is not tested', 'use Linux for important data');
  }
  return problem('platform', `${platform} is not supported`, 'use Linux');
}

/**
 * With /proc, names below an open directory resolve whatever happens to its path; without it, exports can only detect a
 * change.
 */
async function checkDescriptors(disk: Disk): Promise<DoctorCheck> {
  const dir = await disk.openDir('/');
  try {
    if (dir.path !== '/') return ok('descriptors', 'directories are held open through /proc/self/fd');
    return warning(
      'descriptors',
      '/proc is not mounted: a directory swapped during an export is detected, not prevented',
      'mount /proc',
    );
  } finally {
    await dir.close();
  }
}

async function checkHome(environment: Environment): Promise<DoctorCheck> {
  if (environment.home !== undefined || environment.get('XDG_STATE_HOME')) {
    return ok('home', environment.home ?? environment.get('XDG_STATE_HOME')!);
  }
  return warning(
    'home',
    'there is no home directory, so a rolled-back ledger is not detected',
    'set XDG_STATE_HOME to a persistent directory',
  );
}

async function checkSandboxes({ disk, environment, random }: Machine): Promise<DoctorCheck[]> {
  const { sandboxReport } = await import('../run/sandbox-report.js');
  let reports: Awaited<ReturnType<typeof sandboxReport>>;
  try {
    reports = await sandboxReport(disk, environment, random);
  } catch (e) {
    if (!isErrno(e)) throw e;
    return [warning('sandbox', `cannot be tested: ${e.message}`, 'set TMPDIR to a writable directory')];
  }
  const own = environment.platform === 'darwin' ? 'sandbox-exec' : undefined;
  const real = reports.filter((r) => r.name !== 'none' && (r.name !== 'sandbox-exec' || own === r.name));
  const checks = real.map(({ name, available, level, reason }, i) => {
    if (available) return ok(`sandbox ${name}`, level);
    const why = reason ?? 'not available';
    // They are tried best first: one after a better one is not missed.
    if (real.slice(0, i).some((r) => r.available)) return ok(`sandbox ${name}`, `not needed: ${why}`);
    return warning(`sandbox ${name}`, why, 'install bubblewrap, or allow user namespaces');
  });
  if (real.some((r) => r.available)) return checks;
  return [
    ...checks,
    problem(
      'sandbox',
      'no sandbox works on this machine, so hs run refuses to run',
      'install bubblewrap, or allow user namespaces',
    ),
  ];
}

/** Checks of the machine that need no store. */
export async function checkMachine(machine: Machine): Promise<DoctorCheck[]> {
  return [
    checkNode(machine.nodeVersion),
    checkPlatform(machine.environment.platform),
    await checkDescriptors(machine.disk),
    await checkHome(machine.environment),
    ...(await checkSandboxes(machine)),
  ];
}
