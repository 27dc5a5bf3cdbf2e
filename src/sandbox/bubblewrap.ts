import { isErrno } from '../errors/hs-error.js';
import { bubblewrapArgs, type Mounts, toolPaths } from './bubblewrap-args.js';
import { makeCanaries } from './canary.js';
import { EMPTIED_FILES } from './emptied-files.js';
import { shimCommand } from './exec-shim.js';
import { HIDDEN_DIRS, hiddenDirsText } from './hidden-dirs.js';
import { type Launched, launch, outcome } from './launch.js';
import { FILTER_FILE } from './launcher-script.js';
import { mountOverlay } from './overlay.js';
import { overlayWrites } from './overlay-writes.js';
import { resolveSandboxPaths, type SandboxPaths } from './sandbox-paths.js';
import type {
  SandboxBackend,
  SandboxHost,
  SandboxRequest,
  SandboxResult,
  Unavailable,
} from './sandbox-types.js';
import { seccompFilter } from './seccomp.js';
import { toolEnv } from './tool-env.js';

const COMMON_GAPS = [
  `the tool can read what the user can read, except the store, ${hiddenDirsText()}`,
  `the tool can connect to unix sockets outside ${hiddenDirsText()}`,
];
const NETWORK_GAP = 'the network is open, as requested, including abstract unix sockets';
const FILTER_GAP =
  'the tool can read and write the user’s keyrings, and reach other machines through unusual socket families';

/** bubblewrap over an overlay of the project: the project is unchanged, and attempted writes are listed. */
export const bubblewrapOverlay: SandboxBackend = {
  name: 'bubblewrap-overlay',
  level: 'enforced+observed',
  async run(host, request): Promise<SandboxResult | Unavailable> {
    const paths = await resolveSandboxPaths(host, request);
    const overlay = await mountOverlay(host, paths);
    if ('unavailable' in overlay) return overlay;
    const run = await runIn(host, request, paths, { source: overlay.merged, writable: true }, overlay.prefix);
    if ('unavailable' in run) return run;
    const { stray, gaps } = await overlayWrites(host, paths);
    return {
      ...outcome(run),
      stray,
      backend: 'bubblewrap-overlay',
      gaps: [
        ...COMMON_GAPS,
        'writes outside the project fail and are not listed',
        "in the project, writes to other users' files fail, and changes of extended attributes alone are dropped, unlisted",
        ...gaps,
        ...surroundingGaps(run, request),
      ],
    };
  },
};

/** bubblewrap with the project read-only. */
export const bubblewrap: SandboxBackend = {
  name: 'bubblewrap',
  level: 'isolated',
  async run(host, request): Promise<SandboxResult | Unavailable> {
    const paths = await resolveSandboxPaths(host, request);
    const run = await runIn(host, request, paths, { source: paths.project, writable: false }, []);
    if ('unavailable' in run) return run;
    return {
      ...outcome(run),
      stray: [],
      backend: 'bubblewrap',
      gaps: [...COMMON_GAPS, 'writes elsewhere fail and are not listed', ...surroundingGaps(run, request)],
    };
  },
};

async function runIn(
  host: SandboxHost,
  request: SandboxRequest,
  paths: SandboxPaths,
  project: Mounts['project'],
  prefix: readonly string[],
): Promise<Run | Unavailable> {
  if (!host.namespaces) return { unavailable: 'namespaces are disabled' };
  const program = await host.find('bwrap');
  if (program === undefined) return { unavailable: 'bubblewrap (bwrap) is not installed' };
  const hidden = await existing(host, HIDDEN_DIRS);
  if (!hidden.includes('/run')) return { unavailable: '/run does not exist' };
  const filter = seccompFilter(host.arch, { network: request.network, ownNamespaces: true });
  if (filter !== undefined) {
    await host.disk.writeFile(`${paths.scratch}/${FILTER_FILE}`, filter, { mode: 0o600, sync: false });
  }
  const mounts: Mounts = {
    paths,
    project,
    hidden,
    uid: host.uid,
    gid: host.gid,
    network: request.network,
    kept: await keptFiles(host, request.network),
    filtered: filter !== undefined,
    emptied: await existing(host, EMPTIED_FILES),
  };
  const canaries = await makeCanaries(host, paths, project.writable ? 'overlaid' : 'forbidden', hidden);
  const run = await launch(host, request, {
    argv: [...prefix, program, ...bubblewrapArgs(mounts), '--', ...shimCommand(canaries, request.command)],
    cwd: paths.project,
    env: toolEnv(request.env, toolPaths(mounts)),
    toolGroup: 'reported',
    endWith: 'SIGKILL',
    level: () => (filter === undefined ? 'enforced' : project.writable ? 'enforced+observed' : 'isolated'),
  });
  return 'unavailable' in run ? run : { ...run, filtered: filter !== undefined };
}

type Run = Launched & { readonly filtered: boolean };

function surroundingGaps({ filtered }: Run, { network }: SandboxRequest): string[] {
  return [...(filtered ? [] : [FILTER_GAP]), ...(network ? [NETWORK_GAP] : [])];
}

/** The existing ones, by their real paths, without duplicates. */
async function existing(host: SandboxHost, paths: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const path of paths) {
    const real = await realOrNone(host, path);
    if (real !== undefined) found.add(real);
  }
  return [...found];
}

/** Files that must stay visible below /run: the resolver's, and the system's programs on NixOS. */
async function keptFiles(host: SandboxHost, network: boolean): Promise<string[]> {
  const wanted = ['/run/current-system'];
  const resolver = network ? await realOrNone(host, '/etc/resolv.conf') : undefined;
  if (resolver?.startsWith('/run/')) wanted.push(resolver);
  return wanted;
}

async function realOrNone(host: SandboxHost, path: string): Promise<string | undefined> {
  try {
    return await host.disk.realpath(path);
  } catch (e) {
    if (isErrno(e, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) return undefined;
    throw e;
  }
}
