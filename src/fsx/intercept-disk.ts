import type { Disk, DiskDir, DiskFile, OpenOptions } from './disk.js';

/** Every operation of the port, as wrappers name them; an open says what it is for. */
export type DiskOperation =
  | `open:${OpenOptions['access']}`
  | `file.${keyof DiskFile}`
  | `dir.${Exclude<keyof DiskDir, 'path'>}`
  | Exclude<keyof Disk, 'open'>;

/** Asked before each operation; what it throws is the operation's failure. */
export type Interceptor = (operation: DiskOperation, path: string) => void | Promise<void>;

/** The same disk with a word to say before each operation, those of its open files and directories included. */
export function interceptDisk(inner: Disk, before: Interceptor): Disk {
  return {
    async open(path, options) {
      await before(`open:${options.access}`, path);
      return interceptFile(await inner.open(path, options), path, before);
    },
    async openDir(path, options) {
      await before('openDir', path);
      return interceptDir(await inner.openDir(path, options), path, before);
    },
    async readFile(path, maxBytes) {
      await before('readFile', path);
      return inner.readFile(path, maxBytes);
    },
    async writeFile(path, bytes, options) {
      await before('writeFile', path);
      return inner.writeFile(path, bytes, options);
    },
    async lstat(path) {
      await before('lstat', path);
      return inner.lstat(path);
    },
    async find(path) {
      await before('find', path);
      return inner.find(path);
    },
    async stat(path) {
      await before('stat', path);
      return inner.stat(path);
    },
    async readdir(path) {
      await before('readdir', path);
      return inner.readdir(path);
    },
    async readlink(path) {
      await before('readlink', path);
      return inner.readlink(path);
    },
    async realpath(path) {
      await before('realpath', path);
      return inner.realpath(path);
    },
    async mkdir(path, mode) {
      await before('mkdir', path);
      return inner.mkdir(path, mode);
    },
    async rmdir(path) {
      await before('rmdir', path);
      return inner.rmdir(path);
    },
    async unlink(path) {
      await before('unlink', path);
      return inner.unlink(path);
    },
    async removeTree(path) {
      await before('removeTree', path);
      return inner.removeTree(path);
    },
    async link(from, to) {
      await before('link', to);
      return inner.link(from, to);
    },
    async rename(from, to) {
      await before('rename', to);
      return inner.rename(from, to);
    },
    async renameNoReplace(from, to) {
      await before('renameNoReplace', to);
      return inner.renameNoReplace(from, to);
    },
    async exchange(a, b) {
      await before('exchange', b);
      return inner.exchange(a, b);
    },
    async chmod(path, mode) {
      await before('chmod', path);
      return inner.chmod(path, mode);
    },
    async syncDir(path) {
      await before('syncDir', path);
      return inner.syncDir(path);
    },
    async syncFilesystem(path) {
      await before('syncFilesystem', path);
      return inner.syncFilesystem(path);
    },
    async space(path) {
      await before('space', path);
      return inner.space(path);
    },
  };
}

function interceptFile(inner: DiskFile, path: string, before: Interceptor): DiskFile {
  return {
    async read(buffer, position) {
      await before('file.read', path);
      return inner.read(buffer, position);
    },
    async write(bytes) {
      await before('file.write', path);
      return inner.write(bytes);
    },
    async sync() {
      await before('file.sync', path);
      return inner.sync();
    },
    async stat() {
      await before('file.stat', path);
      return inner.stat();
    },
    async chmod(mode) {
      await before('file.chmod', path);
      return inner.chmod(mode);
    },
    async tryLock() {
      await before('file.tryLock', path);
      return inner.tryLock();
    },
    async close() {
      await before('file.close', path);
      return inner.close();
    },
  };
}

function interceptDir(inner: DiskDir, path: string, before: Interceptor): DiskDir {
  return {
    path: inner.path,
    async stat() {
      await before('dir.stat', path);
      return inner.stat();
    },
    async sync() {
      await before('dir.sync', path);
      return inner.sync();
    },
    async where() {
      await before('dir.where', path);
      return inner.where();
    },
    async mount() {
      await before('dir.mount', path);
      return inner.mount();
    },
    async close() {
      await before('dir.close', path);
      return inner.close();
    },
  };
}
