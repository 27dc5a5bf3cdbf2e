import { isErrno } from '../errors/hs-error.js';
import type { Disk, RootedDisk, Rooting } from './disk.js';
import { DIR_BITS, FILE_BITS, Rooted } from './rooted.js';

/**
 * Wraps `inner` so that no link is followed below `root`: every directory on the way is opened without following,
 * held open if it is permanent, and accessed through its descriptor. A component that is a link or not a directory is
 * INTEGRITY. Paths outside `root` go to `inner` unchanged.
 */
export async function rootedDisk(inner: Disk, root: string, rooting: Rooting): Promise<RootedDisk> {
  const rooted = new Rooted(inner, root, rooting);
  await rooted.open();
  const name = <T>(path: string, run: (path: string) => Promise<T>) => rooted.at(path, false, run);
  const make = <T>(path: string, run: (path: string) => Promise<T>) => rooted.at(path, true, run);
  const both = <T>(from: string, to: string, run: (from: string, to: string) => Promise<T>) =>
    name(from, (at) => make(to, (there) => run(at, there)));
  return {
    within: (path, options) => inner.within(path, options),
    open: (path, options) =>
      options.access === 'create'
        ? rooted.create(path, options.mode ?? 0o600, FILE_BITS, (at, mode) =>
            inner.open(at, { ...options, mode }),
          )
        : name(path, (at) =>
            inner.open(at, { ...options, follow: rooted.isOutside(path) && options.follow === true }),
          ),
    openDir: (path, options) =>
      rooted.isOutside(path) ? inner.openDir(path, options) : rooted.openDir(path),
    readFile: (path, maxBytes) => name(path, (at) => inner.readFile(at, maxBytes)),
    readSmall: (path, buffer, { follow }) =>
      name(path, (at) => inner.readSmall(at, buffer, { follow: rooted.isOutside(path) && follow })),
    writeFile: (path, bytes, options) =>
      rooted.create(path, options.mode, FILE_BITS, (at, mode) =>
        inner.writeFile(at, bytes, { ...options, mode }),
      ),
    lstat: (path) =>
      path === root ? rooted.below(path, (_, dir) => dir!.stat()) : name(path, (at) => inner.lstat(at)),
    stat: (path) => {
      if (rooted.isOutside(path)) return inner.stat(path);
      return path === root
        ? rooted.below(path, (_, dir) => dir!.stat())
        : name(path, (at) => inner.lstat(at));
    },
    find: async (path) => {
      try {
        return await name(path, (at) => inner.find(at));
      } catch (e) {
        if (isErrno(e, 'ENOENT')) return undefined;
        throw e;
      }
    },
    readdir: (path) =>
      rooted.below(
        path,
        (at) => inner.readdir(at),
        () => [],
      ),
    readlink: (path) => name(path, (at) => inner.readlink(at)),
    realpath: (path) => inner.realpath(path),
    mkdir: (path, mode) => rooted.create(path, mode, DIR_BITS, (at, shared) => inner.mkdir(at, shared)),
    rmdir: (path) => name(path, (at) => inner.rmdir(at)),
    unlink: (path) => name(path, (at) => inner.unlink(at)),
    removeTree: async (path) => {
      try {
        await name(path, (at) => inner.removeTree(at));
      } catch (e) {
        if (!isErrno(e, 'ENOENT')) throw e;
      }
    },
    link: (from, to) => both(from, to, (a, b) => inner.link(a, b)),
    rename: (from, to) => both(from, to, (a, b) => inner.rename(a, b)),
    renameNoReplace: (from, to) => both(from, to, (a, b) => inner.renameNoReplace(a, b)),
    exchange: (a, b) => both(a, b, (from, to) => inner.exchange(from, to)),
    chmod: (path, mode) => name(path, (at) => inner.chmod(at, mode)),
    chown: (path, owner) => name(path, (at) => inner.chown(at, owner)),
    syncDir: (path) =>
      rooted.below(
        path,
        (at) => inner.syncDir(at),
        () => undefined,
      ),
    syncFilesystem: (path) => rooted.below(path, (at) => inner.syncFilesystem(at)),
    space: (path) => rooted.below(path, (at) => inner.space(at)),
    release: () => rooted.release(),
  };
}
