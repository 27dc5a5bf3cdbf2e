import { beforeEach, describe, expect, it } from 'vitest';
import type { Disk } from '../../src/fsx/disk.js';

/** A disk to try, an empty directory on it, and the means to put there what the port cannot make. */
export interface World {
  readonly disk: Disk;
  readonly root: string;
  symlink(target: string, path: string): Promise<void>;
  fifo(path: string): Promise<void>;
  /** A file under a name that is not UTF-8. */
  rawName(dir: string, name: Uint8Array): Promise<void>;
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array): string => new TextDecoder().decode(content);
const code = (expected: string) => ({ code: expected });

/** What every implementation of the disk port promises. */
export function describeDisk(name: string, makeWorld: () => Promise<World>): void {
  describe(`the disk port: ${name}`, () => {
    let world: World;
    let disk: Disk;
    let root: string;

    beforeEach(async () => {
      world = await makeWorld();
      disk = world.disk;
      root = world.root;
    });

    const put = (path: string, content = 'x', mode = 0o644) =>
      disk.writeFile(`${root}/${path}`, bytes(content), { mode, sync: false });
    const get = async (path: string) => text(await disk.readFile(`${root}/${path}`, 1 << 24));
    const names = async (path = root) => (await disk.readdir(path)).map((entry) => entry.name).sort();

    describe('readSmall', () => {
      const read = (path: string, room = 16, follow = false) => {
        const buffer = new Uint8Array(room);
        return disk
          .readSmall(`${root}/${path}`, buffer, { follow })
          .then((small) => small && { ...small, content: text(buffer.subarray(0, small.count)) });
      };

      it('returns the whole file with its mode, and nothing for an empty one', async () => {
        await put('a', 'hello', 0o754);
        await put('empty', '');
        expect(await read('a')).toEqual({ count: 5, mode: 0o754, atRest: true, content: 'hello' });
        expect(await read('empty')).toMatchObject({ count: 0, atRest: true });
      });

      it('gives nothing of a file that leaves no byte of the buffer free', async () => {
        await put('a', '12345');
        expect(await read('a', 6)).toMatchObject({ content: '12345' });
        expect(await read('a', 5)).toBeUndefined();
      });

      it('follows a link only where it is told to, and reads nothing but files', async () => {
        await put('a', 'hello');
        await world.symlink('a', `${root}/link`);
        await world.fifo(`${root}/fifo`);
        expect(await read('link', 16, true)).toMatchObject({ content: 'hello' });
        await expect(read('link')).rejects.toMatchObject(code('ELOOP'));
        await expect(read('fifo')).rejects.toMatchObject(code('EINVAL'));
        await disk.mkdir(`${root}/dir`, 0o755);
        await expect(read('dir')).rejects.toMatchObject(code('EINVAL'));
        await expect(read('none')).rejects.toMatchObject(code('ENOENT'));
      });
    });

    describe('writeFile and readFile', () => {
      it('give back the bytes that were written, with exactly the mode asked for', async () => {
        await disk.writeFile(`${root}/a`, bytes('hello'), { mode: 0o666, sync: true });
        expect(await get('a')).toBe('hello');
        expect((await disk.lstat(`${root}/a`)).mode).toBe(0o666);
      });

      it('carry an empty file and one of a megabyte', async () => {
        const large = new Uint8Array(1 << 20).map((_, i) => (i * 7) & 255);
        await disk.writeFile(`${root}/large`, large, { mode: 0o444, sync: true });
        await put('empty', '');
        expect(Buffer.compare(await disk.readFile(`${root}/large`, 1 << 20), large)).toBe(0);
        expect(await get('empty')).toBe('');
      });

      it('refuse to write over anything: EEXIST for a file, a directory and a dangling link', async () => {
        await put('file', 'old');
        await disk.mkdir(`${root}/dir`, 0o755);
        await world.symlink('nowhere', `${root}/dangling`);
        for (const there of ['file', 'dir', 'dangling'])
          await expect(put(there)).rejects.toMatchObject(code('EEXIST'));
        expect(await get('file')).toBe('old');
        await expect(disk.lstat(`${root}/nowhere`)).rejects.toMatchObject(code('ENOENT'));
      });

      it('refuse to read one byte more than the limit: ETOOLARGE', async () => {
        await put('a', '12345');
        expect((await disk.readFile(`${root}/a`, 5)).length).toBe(5);
        await expect(disk.readFile(`${root}/a`, 4)).rejects.toMatchObject(code('ETOOLARGE'));
      });

      it('refuse to read anything but a regular file: EINVAL for a directory and a FIFO, without blocking', async () => {
        await world.fifo(`${root}/fifo`);
        await expect(disk.readFile(`${root}/fifo`, 10)).rejects.toMatchObject(code('EINVAL'));
        await expect(disk.readFile(root, 10)).rejects.toMatchObject(code('EINVAL'));
      });

      it('refuse to read through a link: ELOOP', async () => {
        await put('a');
        await world.symlink('a', `${root}/link`);
        await expect(disk.readFile(`${root}/link`, 10)).rejects.toMatchObject(code('ELOOP'));
      });

      it('give ENOENT for a missing file and ENOTDIR for a path through a file', async () => {
        await put('a');
        await expect(disk.readFile(`${root}/b`, 10)).rejects.toMatchObject(code('ENOENT'));
        await expect(disk.readFile(`${root}/a/b`, 10)).rejects.toMatchObject(code('ENOTDIR'));
        await expect(put('b/c')).rejects.toMatchObject(code('ENOENT'));
      });
    });

    describe('open', () => {
      it('reads at any position, short at the end and 0 bytes after it', async () => {
        await put('a', 'abcdef');
        const file = await disk.open(`${root}/a`, { access: 'read' });
        const buffer = new Uint8Array(4);
        expect(await file.read(buffer, 4)).toBe(2);
        expect(text(buffer.subarray(0, 2))).toBe('ef');
        expect(await file.read(buffer, 0)).toBe(4);
        expect(await file.read(buffer, 6)).toBe(0);
        await file.close();
      });

      it('reads and writes through large buffers', async () => {
        const part = new Uint8Array(300_000).fill(65);
        const file = await disk.open(`${root}/a`, { access: 'create', mode: 0o600 });
        await file.write(part);
        await file.write(bytes('end'));
        await file.sync();
        const buffer = new Uint8Array(400_000);
        expect(await file.read(buffer, 0)).toBe(300_003);
        expect(text(buffer.subarray(299_999, 300_003))).toBe('Aend');
        await file.close();
      });

      it('creates only new files, and appends to existing ones', async () => {
        await put('a', 'one');
        await world.symlink('nowhere', `${root}/dangling`);
        for (const there of ['a', 'dangling'])
          await expect(disk.open(`${root}/${there}`, { access: 'create' })).rejects.toMatchObject(
            code('EEXIST'),
          );
        const file = await disk.open(`${root}/a`, { access: 'update' });
        await file.write(bytes(' two'));
        await file.close();
        expect(await get('a')).toBe('one two');
        await expect(disk.open(`${root}/b`, { access: 'update' })).rejects.toMatchObject(code('ENOENT'));
      });

      it('follows a link only when told to: ELOOP', async () => {
        await put('a', 'linked');
        await world.symlink('a', `${root}/link`);
        await world.symlink('self', `${root}/self`);
        await expect(disk.open(`${root}/link`, { access: 'read' })).rejects.toMatchObject(code('ELOOP'));
        const file = await disk.open(`${root}/link`, { access: 'read', follow: true });
        expect((await file.stat()).size).toBe(6);
        await file.close();
        await expect(disk.open(`${root}/self`, { access: 'read', follow: true })).rejects.toMatchObject(
          code('ELOOP'),
        );
      });

      it('refuses directories and FIFOs at once: EINVAL', async () => {
        await world.fifo(`${root}/fifo`);
        for (const access of ['read', 'update'] as const) {
          await expect(disk.open(`${root}/fifo`, { access })).rejects.toMatchObject(code('EINVAL'));
          await expect(disk.open(root, { access })).rejects.toMatchObject(code('EINVAL'));
        }
      });

      it('refuses to write to a file opened for reading, and anything after close: EBADF', async () => {
        await put('a');
        const file = await disk.open(`${root}/a`, { access: 'read' });
        await expect(file.write(bytes('y'))).rejects.toMatchObject(code('EBADF'));
        await file.close();
        await file.close();
        const late = [
          () => file.read(new Uint8Array(1), 0),
          () => file.stat(),
          () => file.sync(),
          () => file.chmod(0o600),
        ];
        for (const operation of late) await expect(operation()).rejects.toMatchObject(code('EBADF'));
      });

      it('keeps an open file, whatever happens to its name', async () => {
        await put('a', 'kept');
        const file = await disk.open(`${root}/a`, { access: 'read' });
        await disk.unlink(`${root}/a`);
        await put('a', 'other');
        const buffer = new Uint8Array(4);
        await file.read(buffer, 0);
        expect(text(buffer)).toBe('kept');
        expect((await file.stat()).nlink).toBe(0);
        await file.close();
      });

      it('changes the mode through the descriptor', async () => {
        const file = await disk.open(`${root}/a`, { access: 'create', mode: 0o600 });
        await file.chmod(0o444);
        expect((await file.stat()).mode).toBe(0o444);
        await file.close();
      });
    });

    describe('locks', () => {
      it('are held by one open file at a time, and freed by its close', async () => {
        const first = await disk.open(`${root}/lock`, { access: 'create', mode: 0o600 });
        const second = await disk.open(`${root}/lock`, { access: 'update' });
        expect(await first.tryLock()).toBe(true);
        expect(await first.tryLock()).toBe(true);
        expect(await second.tryLock()).toBe(false);
        await first.close();
        expect(await second.tryLock()).toBe(true);
        await second.close();
      });

      it('are not freed by the close of another open file of the same process', async () => {
        const first = await disk.open(`${root}/lock`, { access: 'create', mode: 0o600 });
        expect(await first.tryLock()).toBe(true);
        await (await disk.open(`${root}/lock`, { access: 'read' })).close();
        const second = await disk.open(`${root}/lock`, { access: 'update' });
        expect(await second.tryLock()).toBe(false);
        await first.close();
        await second.close();
      });

      it('need a file that was opened for writing: EBADF', async () => {
        await put('lock');
        const file = await disk.open(`${root}/lock`, { access: 'read' });
        await expect(file.tryLock()).rejects.toMatchObject(code('EBADF'));
        await file.close();
      });
    });

    describe('openDir', () => {
      it('gives a path that reaches the names in it', async () => {
        const dir = await disk.openDir(root);
        await disk.writeFile(`${dir.path}/a`, bytes('in'), { mode: 0o644, sync: false });
        await disk.mkdir(`${dir.path}/sub`, 0o755);
        await disk.rename(`${dir.path}/a`, `${dir.path}/sub/b`);
        expect(await get('sub/b')).toBe('in');
        expect(await names(dir.path)).toEqual(['sub']);
        expect((await dir.stat()).ino).toBe((await disk.lstat(root)).ino);
        await disk.syncDir(dir.path);
        await dir.sync();
        await dir.close();
      });

      it('follows the directory when it is moved, and gives its new path', async () => {
        await disk.mkdir(`${root}/a`, 0o755);
        const dir = await disk.openDir(`${root}/a`);
        await disk.rename(`${root}/a`, `${root}/b`);
        await disk.writeFile(`${dir.path}/f`, bytes('moved'), { mode: 0o644, sync: false });
        expect(await get('b/f')).toBe('moved');
        expect(await dir.where()).toBe(`${root}/b`);
        expect(await disk.realpath(`${dir.path}/f`)).toBe(`${root}/b/f`);
        await dir.close();
      });

      it('gives its mount, which is that of its subdirectories', async () => {
        await disk.mkdir(`${root}/a`, 0o755);
        const [dir, inner] = [await disk.openDir(root), await disk.openDir(`${root}/a`)];
        expect(await inner.mount()).toBe(await dir.mount());
        await inner.close();
        await dir.close();
      });

      it('keeps its directory when a link replaces the name', async () => {
        await disk.mkdir(`${root}/in`, 0o755);
        await disk.mkdir(`${root}/out`, 0o755);
        const dir = await disk.openDir(`${root}/in`);
        await disk.rename(`${root}/in`, `${root}/elsewhere`);
        await world.symlink('out', `${root}/in`);
        await disk.writeFile(`${dir.path}/f`, bytes('x'), { mode: 0o644, sync: false });
        expect(await names(`${root}/out`)).toEqual([]);
        expect(await names(`${root}/elsewhere`)).toEqual(['f']);
        await dir.close();
      });

      it('refuses a link unless told to follow, and a file: ENOTDIR', async () => {
        await disk.mkdir(`${root}/dir`, 0o755);
        await world.symlink('dir', `${root}/link`);
        await put('file');
        await expect(disk.openDir(`${root}/link`)).rejects.toMatchObject(code('ENOTDIR'));
        await expect(disk.openDir(`${root}/file`)).rejects.toMatchObject(code('ENOTDIR'));
        await expect(disk.openDir(`${root}/none`)).rejects.toMatchObject(code('ENOENT'));
        const dir = await disk.openDir(`${root}/link`, { follow: true });
        expect(await dir.where()).toBe(`${root}/dir`);
        await dir.close();
      });

      it('is a link by its path, so that opening it again takes `follow`', async () => {
        const dir = await disk.openDir(root);
        expect((await disk.lstat(dir.path)).kind).toBe('symlink');
        await expect(disk.openDir(dir.path)).rejects.toMatchObject(code('ENOTDIR'));
        const again = await disk.openDir(dir.path, { follow: true });
        expect(await again.where()).toBe(root);
        await again.close();
        await dir.close();
      });

      it('reaches nothing by its path after close, and refuses the rest: EBADF', async () => {
        const dir = await disk.openDir(root);
        await dir.close();
        await dir.close();
        await expect(disk.lstat(`${dir.path}/a`)).rejects.toMatchObject(code('ENOENT'));
        for (const late of [() => dir.stat(), () => dir.sync(), () => dir.where(), () => dir.mount()])
          await expect(late()).rejects.toMatchObject(code('EBADF'));
      });

      it('finds that nothing can be made in a directory that was removed: ENOENT', async () => {
        await disk.mkdir(`${root}/gone`, 0o755);
        const dir = await disk.openDir(`${root}/gone`);
        await disk.rmdir(`${root}/gone`);
        await expect(disk.mkdir(`${dir.path}/sub`, 0o755)).rejects.toMatchObject(code('ENOENT'));
        expect((await dir.stat()).nlink).toBe(0);
        await dir.close();
      });
    });

    describe('looking', () => {
      it('distinguishes kinds, sizes and links; only stat follows', async () => {
        await put('file', '12345', 0o640);
        await disk.link(`${root}/file`, `${root}/again`);
        await world.symlink('file', `${root}/link`);
        await world.fifo(`${root}/fifo`);
        expect(await disk.lstat(`${root}/file`)).toMatchObject({
          kind: 'file',
          size: 5,
          nlink: 2,
          mode: 0o640,
        });
        expect((await disk.lstat(`${root}/link`)).kind).toBe('symlink');
        expect(await disk.stat(`${root}/link`)).toMatchObject({ kind: 'file', size: 5 });
        expect((await disk.lstat(`${root}/fifo`)).kind).toBe('other');
        expect((await disk.lstat(root)).kind).toBe('directory');
        const { ino, dev } = await disk.lstat(`${root}/again`);
        expect(await disk.lstat(`${root}/file`)).toMatchObject({ ino, dev });
        await expect(disk.stat(`${root}/none`)).rejects.toMatchObject(code('ENOENT'));
      });

      it('lists names with their kinds, and bytes that are not UTF-8 without a name', async () => {
        await put('ä');
        await world.rawName(root, Uint8Array.of(0x62, 0xff));
        await world.symlink('x', `${root}/link`);
        await world.fifo(`${root}/fifo`);
        await disk.mkdir(`${root}/dir`, 0o755);
        const listed = (await disk.readdir(root)).map((e) => [
          Buffer.from(e.bytes).toString('hex'),
          e.name,
          e.kind,
        ]);
        expect(listed.sort()).toEqual(
          [
            ['62ff', undefined, 'file'],
            ['646972', 'dir', 'directory'],
            ['6669666f', 'fifo', 'other'],
            ['6c696e6b', 'link', 'symlink'],
            ['c3a4', 'ä', 'file'],
          ].sort(),
        );
      });

      it('reads links and real paths', async () => {
        await disk.mkdir(`${root}/dir`, 0o755);
        await put('dir/a');
        await world.symlink('dir/../dir', `${root}/link`);
        expect(await disk.readlink(`${root}/link`)).toBe('dir/../dir');
        expect(await disk.realpath(`${root}/link/a`)).toBe(`${root}/dir/a`);
        await expect(disk.readlink(`${root}/dir`)).rejects.toMatchObject(code('EINVAL'));
        await expect(disk.realpath(`${root}/none`)).rejects.toMatchObject(code('ENOENT'));
      });

      it('refuses to list anything but a directory: ENOTDIR', async () => {
        await put('a');
        await expect(disk.readdir(`${root}/a`)).rejects.toMatchObject(code('ENOTDIR'));
        await expect(disk.readdir(`${root}/none`)).rejects.toMatchObject(code('ENOENT'));
      });
    });

    describe('names', () => {
      it('mkdir sets exactly the mode, and refuses an existing name: EEXIST', async () => {
        await disk.mkdir(`${root}/dir`, 0o777);
        expect((await disk.lstat(`${root}/dir`)).mode).toBe(0o777);
        await world.symlink('nowhere', `${root}/dangling`);
        for (const there of ['dir', 'dangling'])
          await expect(disk.mkdir(`${root}/${there}`, 0o755)).rejects.toMatchObject(code('EEXIST'));
        await expect(disk.mkdir(`${root}/no/dir`, 0o755)).rejects.toMatchObject(code('ENOENT'));
      });

      it('rmdir removes only an empty directory: ENOTEMPTY, ENOTDIR', async () => {
        await disk.mkdir(`${root}/dir`, 0o755);
        await put('dir/a');
        await world.symlink('dir', `${root}/link`);
        await expect(disk.rmdir(`${root}/dir`)).rejects.toMatchObject(code('ENOTEMPTY'));
        await expect(disk.rmdir(`${root}/dir/a`)).rejects.toMatchObject(code('ENOTDIR'));
        await expect(disk.rmdir(`${root}/link`)).rejects.toMatchObject(code('ENOTDIR'));
        await disk.unlink(`${root}/dir/a`);
        await disk.rmdir(`${root}/dir`);
        expect(await names()).toEqual(['link']);
      });

      it('removeTree removes everything below a name; of links, not their targets', async () => {
        await disk.mkdir(`${root}/dir`, 0o755);
        await disk.mkdir(`${root}/dir/sub`, 0o755);
        await put('dir/sub/a');
        await put('kept');
        await world.symlink('../kept', `${root}/dir/link`);
        await disk.removeTree(`${root}/dir`);
        await disk.removeTree(`${root}/never-there`);
        expect(await names()).toEqual(['kept']);
      });

      it('unlink removes a name, of a link the link itself, and no directory', async () => {
        await put('a');
        await world.symlink('a', `${root}/link`);
        await disk.unlink(`${root}/link`);
        expect(await names()).toEqual(['a']);
        await disk.unlink(`${root}/a`);
        await expect(disk.unlink(`${root}/a`)).rejects.toMatchObject(code('ENOENT'));
        await disk.mkdir(`${root}/dir`, 0o755);
        await expect(disk.unlink(`${root}/dir`)).rejects.toMatchObject(code('EISDIR'));
      });

      it('link gives a second name and refuses one that is taken: EEXIST', async () => {
        await put('a', 'one');
        await put('b', 'two');
        await world.symlink('nowhere', `${root}/dangling`);
        await disk.link(`${root}/a`, `${root}/c`);
        expect(await get('c')).toBe('one');
        for (const there of ['b', 'dangling'])
          await expect(disk.link(`${root}/a`, `${root}/${there}`)).rejects.toMatchObject(code('EEXIST'));
        await expect(disk.link(`${root}/none`, `${root}/d`)).rejects.toMatchObject(code('ENOENT'));
        await expect(disk.link(root, `${root}/d`)).rejects.toMatchObject(code('EPERM'));
      });

      it('rename replaces a file or a link, not the target of the link', async () => {
        await put('a', 'new');
        await put('b', 'old');
        await put('target', 'safe');
        await world.symlink('target', `${root}/link`);
        await disk.rename(`${root}/a`, `${root}/b`);
        await disk.rename(`${root}/b`, `${root}/link`);
        expect(await names()).toEqual(['link', 'target']);
        expect(await get('link')).toBe('new');
        expect(await get('target')).toBe('safe');
        await expect(disk.rename(`${root}/none`, `${root}/x`)).rejects.toMatchObject(code('ENOENT'));
      });

      it('rename replaces a directory only when it is empty, and never mixes kinds', async () => {
        await disk.mkdir(`${root}/a`, 0o755);
        await put('a/x');
        await disk.mkdir(`${root}/full`, 0o755);
        await put('full/y');
        await disk.mkdir(`${root}/empty`, 0o755);
        await put('file');
        const from = `${root}/a`;
        await expect(disk.rename(from, `${root}/full`)).rejects.toMatchObject(code('ENOTEMPTY'));
        await expect(disk.rename(from, `${root}/file`)).rejects.toMatchObject(code('ENOTDIR'));
        await expect(disk.rename(`${root}/file`, from)).rejects.toMatchObject(code('EISDIR'));
        await expect(disk.rename(from, `${from}/b`)).rejects.toMatchObject(code('EINVAL'));
        await disk.rename(from, `${root}/empty`);
        expect(await names(`${root}/empty`)).toEqual(['x']);
      });

      it('rename between two names of one file does nothing and says nothing', async () => {
        await put('a');
        await disk.link(`${root}/a`, `${root}/b`);
        await disk.rename(`${root}/a`, `${root}/b`);
        expect(await names()).toEqual(['a', 'b']);
      });

      it('renameNoReplace moves to a free name and refuses one that is taken: EEXIST', async () => {
        await put('a', 'one');
        await put('b', 'two');
        await disk.mkdir(`${root}/dir`, 0o755);
        await disk.mkdir(`${root}/empty`, 0o755);
        await world.symlink('nowhere', `${root}/dangling`);
        for (const there of ['b', 'empty', 'dangling'])
          await expect(disk.renameNoReplace(`${root}/a`, `${root}/${there}`)).rejects.toMatchObject(
            code('EEXIST'),
          );
        await expect(disk.renameNoReplace(`${root}/dir`, `${root}/empty`)).rejects.toMatchObject(
          code('EEXIST'),
        );
        await expect(disk.renameNoReplace(`${root}/none`, `${root}/x`)).rejects.toMatchObject(code('ENOENT'));
        await expect(disk.renameNoReplace(`${root}/a`, `${root}/no/x`)).rejects.toMatchObject(code('ENOENT'));
        const dir = await disk.openDir(root);
        await disk.renameNoReplace(`${dir.path}/a`, `${dir.path}/-c`);
        await disk.renameNoReplace(`${dir.path}/dir`, `${dir.path}/moved`);
        await dir.close();
        expect(await get('-c')).toBe('one');
        expect(await names()).toEqual(['-c', 'b', 'dangling', 'empty', 'moved']);
      });

      it('exchange swaps two names in one step, full directories and files alike', async () => {
        await disk.mkdir(`${root}/a`, 0o755);
        await put('a/x', 'one');
        await disk.mkdir(`${root}/b`, 0o755);
        await put('b/y', 'two');
        const dir = await disk.openDir(root);
        await disk.exchange(`${dir.path}/a`, `${dir.path}/b`);
        expect(await names(`${root}/a`)).toEqual(['y']);
        await put('f', 'file');
        await disk.exchange(`${dir.path}/f`, `${dir.path}/b`);
        await dir.close();
        expect(await get('f/x')).toBe('one');
        expect(await get('b')).toBe('file');
        await expect(disk.exchange(`${root}/a`, `${root}/none`)).rejects.toMatchObject(code('ENOENT'));
      });

      it('chmod changes a file or directory and refuses a link: ELOOP', async () => {
        await put('a', 'x', 0o600);
        await world.symlink('a', `${root}/link`);
        await disk.chmod(`${root}/a`, 0o444);
        expect((await disk.lstat(`${root}/a`)).mode).toBe(0o444);
        await expect(disk.chmod(`${root}/link`, 0o777)).rejects.toMatchObject(code('ELOOP'));
        expect((await disk.lstat(`${root}/a`)).mode).toBe(0o444);
        await expect(disk.chmod(`${root}/none`, 0o600)).rejects.toMatchObject(code('ENOENT'));
      });

      it('say ENAMETOOLONG beyond 255 bytes', async () => {
        await put('ä'.repeat(127));
        await expect(put('ä'.repeat(128))).rejects.toMatchObject(code('ENAMETOOLONG'));
      });
    });

    describe('the filesystem', () => {
      it('syncs directories and itself, and reports its free space', async () => {
        await put('a');
        await disk.syncDir(root);
        await expect(disk.syncDir(`${root}/a`)).rejects.toMatchObject(code('ENOTDIR'));
        const dir = await disk.openDir(root);
        expect(await disk.syncFilesystem(dir.path)).toBe(true);
        await dir.close();
        await expect(disk.syncFilesystem(`${root}/none`)).rejects.toMatchObject(code('ENOENT'));
        const space = await disk.space(root);
        expect(space.freeBytes).toBeGreaterThan(0);
        expect(space.type).toBeGreaterThan(0);
      });

      it('reports failures as errors with the operation and path', async () => {
        await expect(disk.lstat(`${root}/none`)).rejects.toMatchObject({
          code: 'ENOENT',
          syscall: 'lstat',
          path: `${root}/none`,
          message: expect.stringContaining('ENOENT: no such file or directory'),
        });
      });
    });
  });
}
