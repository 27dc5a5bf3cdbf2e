import { HsError } from '../errors/hs-error.js';
import { bubblewrap, bubblewrapOverlay } from './bubblewrap.js';
import { landlock } from './landlock.js';
import { reaches } from './levels.js';
import { removeScratch } from './remove-scratch.js';
import type {
  BackendName,
  SandboxBackend,
  SandboxHost,
  SandboxLevel,
  SandboxRequest,
  SandboxResult,
} from './sandbox-types.js';
import { seatbelt } from './seatbelt.js';
import { unconfined } from './unconfined.js';

/** Best first. */
export const BACKENDS: readonly SandboxBackend[] = [
  bubblewrapOverlay,
  bubblewrap,
  landlock,
  seatbelt,
  unconfined,
];

export interface SandboxChoice {
  /** One backend by name; without it the best one available on this machine, never `none`. */
  readonly backend?: BackendName;
  /** The policy's `run.least_level`. */
  readonly least: SandboxLevel;
  /** True: only backends that report writes elsewhere, whether or not they prevent them (`--strict`). */
  readonly observed?: boolean;
}

/**
 * Runs a tool in the best available sandbox, and returns which one it was. A backend that turns out not to work leaves
 * the tool unstarted, and the next one is tried. REFUSED if policy demands more than the named backend provides;
 * SANDBOX if none works, with the reasons in `details.tried`; INTERRUPTED if the run was ended before the tool was
 * started.
 */
export async function runSandboxed(
  host: SandboxHost,
  request: SandboxRequest,
  choice: SandboxChoice,
): Promise<SandboxResult> {
  const tried: Record<string, string> = {};
  for (const backend of candidates(choice)) {
    const scratchDir = `${request.scratchDir}/${backend.name}`;
    await host.disk.mkdir(scratchDir, 0o700);
    const result = await backend.run(host, { ...request, scratchDir, least: choice.least });
    if (!('unavailable' in result)) return result;
    if (result.level !== undefined && choice.backend !== undefined) {
      throw refused(backend.name, result.level, choice.least);
    }
    tried[backend.name] = result.unavailable;
  }
  throw new HsError('SANDBOX', `no sandbox is available: ${inWords(tried)}`, {
    hint:
      choice.backend === undefined
        ? 'install bubblewrap, or run without protection: --sandbox none'
        : 'hs doctor shows what this machine offers',
    details: { tried },
  });
}

function candidates({ backend: name, least, observed = false }: SandboxChoice): readonly SandboxBackend[] {
  const tells = ({ level }: SandboxBackend) => level === 'enforced+observed' || level === 'detected';
  if (name === undefined) {
    return BACKENDS.filter(
      (backend) => backend.name !== 'none' && reaches(backend.level, least) && (!observed || tells(backend)),
    );
  }
  const backend = BACKENDS.find((one) => one.name === name);
  if (backend === undefined) throw new HsError('USAGE', `unknown sandbox '${name}'`);
  if (!reaches(backend.level, least)) throw refused(name, backend.level, least);
  if (observed && !tells(backend)) {
    throw new HsError('SANDBOX', `sandbox '${name}' prevents writes elsewhere but does not report them`, {
      hint: 'omit --strict: such a write fails inside the tool',
    });
  }
  return [backend];
}

function refused(name: BackendName, level: SandboxLevel, least: SandboxLevel): HsError {
  return new HsError(
    'REFUSED',
    `sandbox '${name}' is at level '${level}', but the policy requires '${least}'`,
    { hint: 'hs doctor shows what this machine offers; hs policy set changes run.least_level' },
  );
}

function inWords(tried: Readonly<Record<string, string>>): string {
  return Object.entries(tried)
    .map(([name, why]) => `${name}: ${why}`)
    .join('; ');
}

export interface BackendReport {
  readonly name: BackendName;
  readonly available: boolean;
  readonly level: SandboxLevel;
  readonly gaps: readonly string[];
  /** Why it is unavailable. */
  readonly reason?: string;
}

/**
 * The sandboxes available on this machine (`hs doctor`): each backend runs `true` on an empty project, including the
 * forbidden writes. `workDir` is an empty directory of the caller's; what is created in it is removed again.
 */
export async function probeBackends(host: SandboxHost, workDir: string): Promise<BackendReport[]> {
  const reports: BackendReport[] = [];
  for (const backend of BACKENDS) {
    const root = `${workDir}/${backend.name}`;
    const dir = async (name: string) => {
      await host.disk.mkdir(`${root}${name}`, 0o700);
      return `${root}${name}`;
    };
    try {
      await dir('');
      const request: SandboxRequest = {
        command: ['true'],
        projectDir: await dir('/project'),
        storeDir: await dir('/project/store'),
        captureDir: await dir('/out'),
        scratchDir: await dir('/scratch'),
        network: false,
        env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
        stdin: 'ignore',
        signal: new AbortController().signal,
        onOutput: () => {},
      };
      const { name, level } = backend;
      const result = await backend.run(host, request);
      if ('unavailable' in result)
        reports.push({ name, available: false, level, gaps: [], reason: result.unavailable });
      else reports.push({ name, available: true, level: result.level, gaps: result.gaps });
    } finally {
      await removeScratch(root);
    }
  }
  return reports;
}
