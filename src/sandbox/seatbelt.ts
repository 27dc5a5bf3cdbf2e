import { makeCanaries } from './canary.js';
import { shimCommand } from './exec-shim.js';
import { launch, outcome } from './launch.js';
import { makePrivateDirs } from './private-dirs.js';
import { resolveSandboxPaths } from './sandbox-paths.js';
import type { SandboxBackend } from './sandbox-types.js';
import { toolEnv } from './tool-env.js';

const PROFILE = `(version 1)
(allow default)
(deny file-write*)
(allow file-write* (subpath (param "OUT")) (subpath (param "HOME_DIR")) (subpath (param "TMP_DIR")))
(allow file-write* (literal "/dev/null") (literal "/dev/zero"))
(allow file-write-data (literal (param "STDOUT")) (literal (param "STDERR")))
(deny file-read* (subpath (param "STORE")))
(allow file* (subpath (param "OUT")) (subpath (param "HOME_DIR")) (subpath (param "TMP_DIR")))`;

/** macOS. Untested: written from the manual of sandbox-exec, which Apple has deprecated. */
export const seatbelt: SandboxBackend = {
  name: 'sandbox-exec',
  level: 'enforced',
  async run(host, request) {
    if (host.platform !== 'darwin') return { unavailable: 'sandbox-exec exists only on macOS' };
    const program = await host.find('sandbox-exec');
    if (program === undefined) return { unavailable: 'sandbox-exec is not installed' };
    const paths = await resolveSandboxPaths(host, request);
    const own = await makePrivateDirs(host, paths);
    const parameters = {
      OUT: paths.capture,
      HOME_DIR: own.home,
      TMP_DIR: own.tmp,
      STDOUT: `${paths.scratch}/stdout`,
      STDERR: `${paths.scratch}/stderr`,
      STORE: paths.store,
    };
    const canaries = await makeCanaries(host, paths, 'forbidden');
    const run = await launch(host, request, {
      argv: [
        program,
        '-p',
        request.network ? PROFILE : `${PROFILE}\n(deny network*)`,
        ...Object.entries(parameters).flatMap(([name, value]) => ['-D', `${name}=${value}`]),
        ...shimCommand(canaries, request.command),
      ],
      cwd: paths.cwd,
      env: toolEnv(request.env, own),
      toolGroup: 'launcher',
      endWith: 'SIGKILL',
      lingerMs: 500,
      level: () => 'enforced',
    });
    if ('unavailable' in run) return run;
    return {
      ...outcome(run),
      stray: [],
      backend: 'sandbox-exec',
      level: 'enforced',
      gaps: [
        'not tested: this backend was written from documentation',
        'the tool can read what the user can read, except the store',
        'other processes are visible and can be signalled',
        'a background process that leaves the process group outlives the tool',
        'writes elsewhere fail and are not listed',
        ...(request.network ? ['the network is open, as requested'] : []),
      ],
    };
  },
};
