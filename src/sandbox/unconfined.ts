import { FIND_COMMAND } from './exec-shim.js';
import { launch, outcome } from './launch.js';
import { AWAIT_GO, GO_FD } from './launcher-script.js';
import { makePrivateDirs } from './private-dirs.js';
import { resolveSandboxPaths } from './sandbox-paths.js';
import type { SandboxBackend } from './sandbox-types.js';
import { toolEnv } from './tool-env.js';
import { compareSnapshots, takeSnapshot } from './tree-snapshot.js';

const GAPS = [
  'nothing is prevented: the tool can write, connect to and signal whatever the user can',
  'changes outside the project are not detected',
  'changes that other programs make in the project at the same time are attributed to the tool',
  'a background process that leaves the process group outlives the tool',
];
const STAGE = `${FIND_COMMAND}
printf 'ready\\n' >&3
${AWAIT_GO}
exec 3>&- 4>&- ${GO_FD}<&-
exec "$@"`;
/** Long enough for output in transit; a background process may hold the streams open forever. */
const LINGER_MS = 500;

/** No sandbox: the project is compared before and after. Used only if requested by name. */
export const unconfined: SandboxBackend = {
  name: 'none',
  level: 'detected',
  async run(host, request) {
    const paths = await resolveSandboxPaths(host, request);
    const except = [paths.store, paths.capture, paths.scratch];
    const before = await takeSnapshot(host.disk, paths.project, except);
    const run = await launch(host, request, {
      // The program that the shell execs keeps the process id.
      argv: ['/bin/sh', '-c', STAGE, 'hs', ...request.command],
      cwd: paths.cwd,
      env: toolEnv(request.env, await makePrivateDirs(host, paths)),
      toolGroup: 'launcher',
      endWith: 'SIGKILL',
      level: () => (before === undefined ? 'none' : 'detected'),
      lingerMs: LINGER_MS,
    });
    if ('unavailable' in run) return run;
    const after = before && (await takeSnapshot(host.disk, paths.project, except));
    const compared = before !== undefined && after !== undefined;
    const unread = compared ? before.unreadable + after.unreadable : 0;
    return {
      ...outcome(run),
      stray: compared ? compareSnapshots(before, after) : [],
      backend: 'none',
      level: compared ? 'detected' : 'none',
      gaps: [
        ...GAPS,
        ...(compared ? [] : ['the project is too large to compare']),
        ...(unread > 0 ? ['unreadable directories and names that are not UTF-8 were not compared'] : []),
      ],
    };
  },
};
