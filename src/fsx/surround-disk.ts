import type { Disk, DiskDir, DiskFile, OpenOptions } from './disk.js';

/** The operations of the port, as wrappers name them; an open says its purpose. */
export type DiskOperation =
  | `open:${OpenOptions['access']}`
  | `file.${keyof DiskFile}`
  | `dir.${Exclude<keyof DiskDir, 'path'>}`
  | Exclude<keyof Disk, 'open' | 'within'>;

/** Wraps an operation: its return value or error becomes the result of the operation. */
export type Around = <T>(operation: DiskOperation, path: string, run: () => Promise<T>) => Promise<T>;

/** Wraps every operation of a disk, including those of its open files and directories. */
export function surroundDisk(inner: Disk, around: Around): Disk {
  return {
    async within(root, rooting) {
      const rooted = await inner.within(root, rooting);
      return { ...surroundDisk(rooted, around), release: () => rooted.release() };
    },
    async open(path, options) {
      const file = await around(`open:${options.access}`, path, () => inner.open(path, options));
      return surroundFile(file, path, around);
    },
    async openDir(path, options) {
      return surroundDir(await around('openDir', path, () => inner.openDir(path, options)), path, around);
    },
    readFile: (path, maxBytes) => around('readFile', path, () => inner.readFile(path, maxBytes)),
    readSmall: (path, buffer, options) =>
      around('readSmall', path, () => inner.readSmall(path, buffer, options)),
    writeFile: (path, bytes, options) =>
      around('writeFile', path, () => inner.writeFile(path, bytes, options)),
    lstat: (path) => around('lstat', path, () => inner.lstat(path)),
    find: (path) => around('find', path, () => inner.find(path)),
    stat: (path) => around('stat', path, () => inner.stat(path)),
    readdir: (path) => around('readdir', path, () => inner.readdir(path)),
    readlink: (path) => around('readlink', path, () => inner.readlink(path)),
    realpath: (path) => around('realpath', path, () => inner.realpath(path)),
    mkdir: (path, mode) => around('mkdir', path, () => inner.mkdir(path, mode)),
    rmdir: (path) => around('rmdir', path, () => inner.rmdir(path)),
    unlink: (path) => around('unlink', path, () => inner.unlink(path)),
    removeTree: (path) => around('removeTree', path, () => inner.removeTree(path)),
    link: (from, to) => around('link', to, () => inner.link(from, to)),
    rename: (from, to) => around('rename', to, () => inner.rename(from, to)),
    renameNoReplace: (from, to) => around('renameNoReplace', to, () => inner.renameNoReplace(from, to)),
    exchange: (a, b) => around('exchange', b, () => inner.exchange(a, b)),
    chmod: (path, mode) => around('chmod', path, () => inner.chmod(path, mode)),
    chown: (path, owner) => around('chown', path, () => inner.chown(path, owner)),
    syncDir: (path) => around('syncDir', path, () => inner.syncDir(path)),
    syncFilesystem: (path) => around('syncFilesystem', path, () => inner.syncFilesystem(path)),
    space: (path) => around('space', path, () => inner.space(path)),
  };
}

function surroundFile(inner: DiskFile, path: string, around: Around): DiskFile {
  return {
    read: (buffer, position) => around('file.read', path, () => inner.read(buffer, position)),
    write: (bytes) => around('file.write', path, () => inner.write(bytes)),
    sync: () => around('file.sync', path, () => inner.sync()),
    stat: () => around('file.stat', path, () => inner.stat()),
    chmod: (mode) => around('file.chmod', path, () => inner.chmod(mode)),
    tryLock: () => around('file.tryLock', path, () => inner.tryLock()),
    close: () => around('file.close', path, () => inner.close()),
  };
}

function surroundDir(inner: DiskDir, path: string, around: Around): DiskDir {
  return {
    path: inner.path,
    stat: () => around('dir.stat', path, () => inner.stat()),
    sync: () => around('dir.sync', path, () => inner.sync()),
    where: () => around('dir.where', path, () => inner.where()),
    mount: () => around('dir.mount', path, () => inner.mount()),
    close: () => around('dir.close', path, () => inner.close()),
  };
}
