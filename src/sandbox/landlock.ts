import { makeCanaries } from './canary.js';
import { LANDLOCK_PERL } from './landlock-perl.js';
import { LANDLOCK_PYTHON } from './landlock-python.js';
import { type Launched, launch, outcome } from './launch.js';
import { makePrivateDirs } from './private-dirs.js';
import { resolveSandboxPaths } from './sandbox-paths.js';
import type { SandboxBackend, SandboxHost } from './sandbox-types.js';
import { seccompFilter } from './seccomp.js';
import { toolEnv } from './tool-env.js';

/** unshare, mount, prctl, capset, keyctl; Landlock's own 444 to 446 are the same everywhere. */
const SYSTEM_CALLS: Readonly<Record<string, readonly number[]>> = {
  x64: [272, 165, 157, 126, 250],
  arm64: [97, 40, 167, 91, 219],
  riscv64: [97, 40, 167, 91, 219],
};
/** Devices that everything writes to, without effect. */
const HARMLESS_DEVICES = ['/dev/null', '/dev/zero', '/dev/full'];
/** Variables that would change how the launcher itself runs; the tool gets them back. */
const INTERPRETER_VARIABLE = /^(PERL|PYTHON)/;

/** Landlock, through a launcher in perl or python3: needs no namespace, and mounts nothing. */
export const landlock: SandboxBackend = {
  name: 'landlock',
  level: 'enforced',
  async run(host, request) {
    if (host.platform !== 'linux') return { unavailable: 'Landlock exists only on Linux' };
    const calls = SYSTEM_CALLS[host.arch];
    if (calls === undefined) return { unavailable: `the system call numbers of ${host.arch} are unknown` };
    const launcher = await findLauncher(host);
    if (launcher === undefined) return { unavailable: 'neither perl nor python3 is installed' };
    const paths = await resolveSandboxPaths(host, request);
    const own = await makePrivateDirs(host, paths);
    for (const [name, ownNamespaces] of [
      ['own', true],
      ['shared', false],
    ] as const) {
      const filter = seccompFilter(host.arch, { network: request.network, ownNamespaces })!;
      await host.disk.writeFile(`${paths.scratch}/filter-${name}`, filter, { mode: 0o600, sync: false });
    }
    const env = toolEnv(request.env, own);
    const kept = Object.keys(env).filter((name) => INTERPRETER_VARIABLE.test(name));
    const run = await launch(host, request, {
      argv: [
        ...launcher,
        ...calls.map(String),
        request.network ? '1' : '0',
        host.namespaces ? '1' : '0',
        paths.scratch,
        paths.store,
        ...counted([paths.capture, own.home, own.tmp]),
        ...counted([...HARMLESS_DEVICES, `${paths.scratch}/stdout`, `${paths.scratch}/stderr`]),
        ...counted([paths.capture, ...(paths.inputs === undefined ? [] : [paths.inputs])]),
        ...counted(await makeCanaries(host, paths, 'forbidden')),
        ...counted(kept.map((name) => `${name}=${env[name]}`)),
        ...request.command,
      ],
      cwd: paths.cwd,
      env: Object.fromEntries(Object.entries(env).filter(([name]) => !kept.includes(name))),
      toolGroup: 'launcher',
      endWith: 'SIGPWR',
      reportsEnding: true,
      level: () => 'enforced',
    });
    if ('unavailable' in run) return run;
    return {
      ...outcome(run),
      stray: [],
      backend: 'landlock',
      gaps: gaps(run, request.network),
    };
  },
};

async function findLauncher(host: SandboxHost): Promise<string[] | undefined> {
  const perl = await host.find('perl');
  if (perl !== undefined) return [perl, '-e', LANDLOCK_PERL, '--'];
  const python = await host.find('python3');
  return python === undefined ? undefined : [python, '-I', '-S', '-c', LANDLOCK_PYTHON];
}

function counted(list: readonly string[]): string[] {
  return [String(list.length), ...list];
}

/** From the launcher's report: the kernel's Landlock version, and whether namespaces are available. */
function gaps({ facts }: Launched, network: boolean): string[] {
  const abi = Number(facts.get('abi'));
  const is = (fact: string) => facts.get(fact) === '1';
  const namespaces = is('namespaces');
  // IP too: without a network namespace a tool gets only unix sockets.
  const filtered = is('filtered');
  return [
    ...(is('readonly')
      ? []
      : [
          'the tool can change permissions, owners, times and extended attributes of existing files wherever the user can',
        ]),
    is('hidden')
      ? 'the tool can read what the user can read, including the host’s /tmp'
      : 'the tool can read what the user can read, including the store and the host’s /tmp',
    'writes elsewhere fail and are not listed',
    ...(is('devices')
      ? []
      : ['the tool can read what the user types on terminals, and the names of the user’s keys']),
    ...(filtered ? [] : ['the tool can read and write the user’s keyrings']),
    ...(abi < 3 ? ['the tool can truncate files wherever the user can (truncate)'] : []),
    ...(namespaces ? [] : ['the user’s processes are visible, and their priority can be changed']),
    ...(namespaces || abi >= 6 ? [] : ['the user’s processes can be signalled']),
    ...(namespaces || filtered ? [] : ['the user’s processes can be killed (prlimit)']),
    'the tool can connect to unix sockets in the file system',
    ...(network ? ['the network is open, as requested'] : []),
    ...(network && abi < 6 ? ['the tool can connect to abstract unix sockets'] : []),
    ...(network || filtered ? [] : networkGaps(abi, namespaces)),
    ...(!network && !namespaces && abi < 6 ? ['the tool can connect to abstract unix sockets'] : []),
    ...(namespaces ? [] : ['System V and POSIX message queues, semaphores and shared memory are shared']),
  ];
}

/** Without a filter. */
function networkGaps(abi: number, namespaces: boolean): string[] {
  if (namespaces) return ['the tool can reach other machines through unusual socket families'];
  return abi >= 4
    ? ['the network is open except for TCP: UDP and others are not blocked']
    : ['the network is open'];
}
