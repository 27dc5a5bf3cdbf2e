import { isWithin, type SandboxPaths } from './sandbox-paths.js';
import type { SandboxHost, Unavailable } from './sandbox-types.js';

/** The directories of an overlay, below the scratch directory. */
export const UPPER = 'upper';
const WORK = 'work';
export const MERGED = 'merged';

/**
 * Runs in its own mount namespace, with the project as current directory (so that its path, which may contain commas
 * and colons, is never parsed). `userxattr` is needed by an unprivileged overlay; `volatile` omits the fsyncs of data
 * that is discarded.
 */
const MOUNT = `set -e; mount=$1 s=$2; shift 2
"$mount" -t overlay -o "lowerdir=.,upperdir=$s/${UPPER},workdir=$s/${WORK},userxattr,volatile" overlay "$s/${MERGED}"
exec "$@"`;

export interface Overlay {
  /** Path of the overlay inside the namespace. */
  readonly merged: string;
  /** The command in front of bubblewrap's. */
  readonly prefix: readonly string[];
}

/** Programs and arguments that run a command in a mount namespace, as root only inside it. */
export async function namespacePrefix(
  host: SandboxHost,
): Promise<{ readonly unshare: readonly string[]; readonly mount: string } | Unavailable> {
  const unshare = await host.find('unshare');
  const mount = await host.find('mount');
  if (unshare === undefined || mount === undefined) {
    return { unavailable: 'unshare and mount (util-linux) are not installed' };
  }
  return {
    unshare: [unshare, '--user', '--map-root-user', '--mount', '--propagation', 'private', '--'],
    mount,
  };
}

/** Prepares an overlay of the project; running the command mounts it, and it vanishes with the last process. */
export async function mountOverlay(host: SandboxHost, paths: SandboxPaths): Promise<Overlay | Unavailable> {
  if (isWithin(paths.scratch, paths.project)) {
    return { unavailable: `the scratch directory is inside the project '${paths.project}'` };
  }
  if (!isPlainOption(paths.scratch)) {
    return { unavailable: `the path of the scratch directory '${paths.scratch}' cannot be a mount option` };
  }
  const namespace = await namespacePrefix(host);
  if ('unavailable' in namespace) return namespace;
  const { mode } = await host.disk.lstat(paths.project);
  // The tool sees the upper directory's root as the project's, so it gets the project's mode.
  await host.disk.mkdir(`${paths.scratch}/${UPPER}`, mode & 0o777);
  for (const name of [WORK, MERGED]) await host.disk.mkdir(`${paths.scratch}/${name}`, 0o700);
  return {
    merged: `${paths.scratch}/${MERGED}`,
    prefix: [...namespace.unshare, '/bin/sh', '-c', MOUNT, 'hs', namespace.mount, paths.scratch],
  };
}

/** mount(8) splits options at commas, the kernel at colons; both have escapes, but different ones. */
export function isPlainOption(path: string): boolean {
  return !/[,:\\"'\s]/.test(path);
}
