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
/** Writing there changes nothing, and everything writes there. */
const HARMLESS_DEVICES = ['/dev/null', '/dev/zero', '/dev/full'];
/** What would change how the launcher itself runs; the tool gets it back. */
const INTERPRETER_VARIABLE = /^(PERL|PYTHON)/;

/** Landlock, through a launcher in perl or python3: no namespace is needed, and nothing is mounted. */
export const landlock: SandboxBackend = {
  name: 'landlock',
  level: 'enforced',
  async run(host, request) {
    if (host.platform !== 'linux') return { unavailable: 'Landlock is a part of Linux' };
    const calls = SYSTEM_CALLS[host.arch];
    if (calls === undefined) return { unavailable: `the system calls of ${host.arch} are not known` };
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

/** By what the launcher reported: the kernel's Landlock version, and whether namespaces could be had. */
function gaps({ facts }: Launched, network: boolean): string[] {
  const abi = Number(facts.get('abi'));
  const is = (fact: string) => facts.get(fact) === '1';
  const namespaces = is('namespaces');
  // IP too: without a network of its own a tool gets none but unix sockets.
  const filtered = is('filtered');
  return [
    ...(is('readonly')
      ? []
      : [
          'permissions, owners, times and extended attributes of existing files can be changed anywhere the user may',
        ]),
    is('hidden')
      ? 'what the user may read can be read, the host’s /tmp included'
      : 'what the user may read can be read, the store and the host’s /tmp included',
    'writes elsewhere fail and are not listed',
    ...(is('devices')
      ? []
      : ['what is typed on terminals of the user can be read, and the names of the user’s keys']),
    ...(filtered ? [] : ['the keyrings of the user can be read and written']),
    ...(abi < 3 ? ['files can be cut to a length anywhere the user may (truncate)'] : []),
    ...(namespaces ? [] : ['processes of the user are visible, and their priority can be changed']),
    ...(namespaces || abi >= 6 ? [] : ['processes of the user can be signalled']),
    ...(namespaces || filtered ? [] : ['processes of the user can be ended (prlimit)']),
    'unix sockets in the file system can be connected to',
    ...(network ? ['the network is open, as asked for'] : []),
    ...(network && abi < 6 ? ['abstract unix sockets can be connected to'] : []),
    ...(network || filtered ? [] : networkGaps(abi, namespaces)),
    ...(!network && !namespaces && abi < 6 ? ['abstract unix sockets can be connected to'] : []),
    ...(namespaces ? [] : ['System V and POSIX message queues, semaphores and shared memory are shared']),
  ];
}

/** Without a filter. */
function networkGaps(abi: number, namespaces: boolean): string[] {
  if (namespaces) return ['sockets of unusual families reach beyond the machine'];
  return abi >= 4
    ? ['the network is open but for TCP: UDP and others are not prevented']
    : ['the network is open'];
}
