import { BUBBLEWRAP_FD, FILTER_FD } from './launcher-script.js';
import { isWithin, type SandboxPaths } from './sandbox-paths.js';
import type { ToolPaths } from './tool-env.js';

/** On a tmpfs over /run, which cannot be a project, unlike /tmp, which may be the project or contain it. */
const BASE = '/run/hs';

export interface Mounts {
  readonly paths: SandboxPaths;
  /** The mount at the project's path: the project itself, read-only, or an overlay of it. */
  readonly project: { readonly source: string; readonly writable: boolean };
  /** Those of `HIDDEN_DIRS` that exist, with links resolved. */
  readonly hidden: readonly string[];
  readonly uid: number;
  readonly gid: number;
  readonly network: boolean;
  /** True: a seccomp filter is provided on its descriptor. */
  readonly filtered: boolean;
  /** Host files that must stay visible below a hidden directory, such as the resolver's. */
  readonly kept: readonly string[];
  /** Files of /proc that reveal what is outside the sandbox. */
  readonly emptied: readonly string[];
}

/** The tool's directories as seen inside the sandbox. */
export function toolPaths({ paths }: Pick<Mounts, 'paths'>): ToolPaths {
  return {
    cwd: paths.cwd,
    out: `${BASE}/out`,
    inputs: paths.inputs === undefined ? undefined : `${BASE}/in`,
    home: `${BASE}/home`,
    tmp: isWithin('/tmp', paths.project) && paths.project !== '/' ? `${BASE}/tmp` : '/tmp',
  };
}

/**
 * The arguments before the command. `--as-pid-1 --die-with-parent`: no background writer outlives the tool; without
 * them one did. `/proc/sys` is read-only and there are no capabilities: real root could write there.
 */
export function bubblewrapArgs(mounts: Mounts): string[] {
  const { paths } = mounts;
  return [
    ...['--unshare-user', '--uid', String(mounts.uid), '--gid', String(mounts.gid)],
    ...['--unshare-pid', '--as-pid-1', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    ...(mounts.network ? [] : ['--unshare-net']),
    ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
    ...['--json-status-fd', String(BUBBLEWRAP_FD)],
    ...(mounts.filtered ? ['--seccomp', String(FILTER_FD)] : []),
    ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--ro-bind', '/proc/sys', '/proc/sys'],
    ...mounts.emptied.flatMap((file) => ['--ro-bind', '/dev/null', file]),
    ...layers(mounts).flatMap(({ args }) => args),
    ...mounts.kept.flatMap((file) => ['--ro-bind-try', file, file]),
    ...['--dir', BASE, '--tmpfs', `${BASE}/home`, '--tmpfs', `${BASE}/tmp`],
    ...['--bind', paths.capture, `${BASE}/out`],
    ...(paths.inputs === undefined ? [] : ['--ro-bind', paths.inputs, `${BASE}/in`]),
    ...['--remount-ro', '/run', '--chdir', paths.cwd],
  ];
}

interface Layer {
  readonly at: string;
  readonly args: readonly string[];
}

/** Outer directories first, since a mount hides earlier mounts below it. */
function layers(mounts: Mounts): Layer[] {
  const { paths, project, hidden } = mounts;
  const visible = hidden.map((at): Layer => ({ at, args: ['--tmpfs', at] }));
  if (project.writable) visible.push({ at: paths.project, args: ['--bind', project.source, paths.project] });
  else if (paths.project !== '/' && hidden.some((dir) => isWithin(paths.project, dir))) {
    visible.push({ at: paths.project, args: ['--ro-bind', paths.project, paths.project] });
  }
  if (isHidden(paths.cwd, mounts) && !hidden.includes(paths.cwd)) {
    visible.push({ at: paths.cwd, args: ['--ro-bind', paths.cwd, paths.cwd] });
  }
  for (const at of [paths.store, paths.scratch]) {
    if (!isHidden(at, mounts)) visible.push({ at, args: ['--tmpfs', at, '--remount-ro', at] });
  }
  // Stable: at the same path the tmpfs comes first and the project covers it.
  return visible.sort((a, b) => depth(a.at) - depth(b.at));
}

/** Whether a hidden directory has the path below it already, unless it shows through the project. */
function isHidden(path: string, { paths, hidden }: Mounts): boolean {
  return hidden.some(
    (dir) => isWithin(path, dir) && !(isWithin(path, paths.project) && isWithin(paths.project, dir)),
  );
}

function depth(path: string): number {
  return path === '/' ? 0 : path.split('/').length - 1;
}
