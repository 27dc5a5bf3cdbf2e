import { chmod, link, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import { toSafePath } from '../../../src/core/paths/safe-path.js';
import { errnoError } from '../../../src/fsx/errno.js';
import { nodeDisk } from '../../../src/fsx/node-disk.js';
import { systemRandom } from '../../../src/fsx/system-effects.js';
import { type MaterializeOptions, materialize } from '../../../src/ops/materialize/materialize.js';
import type { PayloadSource } from '../../../src/ops/payload/payload-source.js';
import { tmp } from '../../helpers/tmp.js';
import { interceptDisk } from '../../sim/intercept-disk.js';
import { SimDisk } from '../../sim/sim-disk.js';
import { filePayload, sha256, treePayload } from './payloads.js';

const FILE = filePayload('payload');
const TREE = treePayload({ 'a.txt': 'a', 'sub/b.sh*': 'b' });

function write(path: string, payload: PayloadSource = FILE, options: Partial<MaterializeOptions> = {}) {
  return materialize(
    nodeDisk(),
    payload,
    { root: dirname(path), path: toSafePath(basename(path)) },
    { protect: { cwd: '/nowhere' }, random: systemRandom(), ...options },
  );
}

const mode = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);

async function becomes(path: string, make: (path: string) => Promise<unknown>): Promise<void> {
  await rm(path, { recursive: true });
  await make(path);
}

describe('materialize', () => {
  it('writes a file with mode 644 and nothing else', async () => {
    const dir = await tmp();
    const { path, staged, guarantee } = await write(join(dir, 'out'));
    expect(await readFile(path, 'utf8')).toBe('payload');
    expect(staged).toEqual({ hash: sha256('payload'), size: 7 });
    expect([await mode(path), guarantee, await readdir(dir)]).toEqual(['644', 'descriptor', ['out']]);
  });

  it('writes a tree with modes 755 and 644, executable files with 755', async () => {
    const dir = await tmp();
    await write(join(dir, 'out'), TREE);
    const modes = await Promise.all(
      ['out', 'out/a.txt', 'out/sub', 'out/sub/b.sh'].map((p) => mode(join(dir, p))),
    );
    expect(modes).toEqual(['755', '644', '755', '755']);
    expect(await readdir(dir)).toEqual(['out']);
  });

  it('keeps private files private, whatever the umask', async () => {
    const dir = await tmp();
    await write(join(dir, 'out'), TREE, { isPrivate: true, umask: 0 });
    const modes = await Promise.all(
      ['out', 'out/a.txt', 'out/sub', 'out/sub/b.sh'].map((p) => mode(join(dir, p))),
    );
    expect(modes).toEqual(['700', '600', '700', '700']);
  });

  it.each([
    ['a file', (p: string) => writeFile(p, 'mine')],
    ['a directory', (p: string) => mkdir(p)],
    ['a dangling link', (p: string) => symlink('nowhere', p)],
  ])('refuses %s that is there without --force', async (_what, make) => {
    const dir = await tmp();
    await make(join(dir, 'out'));
    await expect(write(join(dir, 'out'))).rejects.toMatchObject({ code: 'DEST_EXISTS' });
    await expect(write(join(dir, 'out'), TREE)).rejects.toMatchObject({ code: 'DEST_EXISTS' });
    expect(await readdir(dir)).toEqual(['out']);
  });

  it('lets only one of two racing writers win', async () => {
    for (const payload of [FILE, TREE]) {
      const path = join(await tmp(), 'out');
      const ends = await Promise.allSettled([
        write(path, payload),
        write(path, payload),
        write(path, payload),
      ]);
      expect(ends.filter((e) => e.status === 'fulfilled')).toHaveLength(1);
    }
  });

  it('with --force, replaces a link and not its target', async () => {
    const dir = await tmp();
    await writeFile(join(dir, 'target'), 'mine');
    await symlink('target', join(dir, 'out'));
    await write(join(dir, 'out'), FILE, { force: true });
    expect(await readFile(join(dir, 'target'), 'utf8')).toBe('mine');
    expect(await readFile(join(dir, 'out'), 'utf8')).toBe('payload');
  });

  it('leaves other names of a replaced file alone', async () => {
    const dir = await tmp();
    await writeFile(join(dir, 'out'), 'mine');
    await link(join(dir, 'out'), join(dir, 'other'));
    await write(join(dir, 'out'), FILE, { force: true });
    expect(await readFile(join(dir, 'other'), 'utf8')).toBe('mine');
  });

  it('never replaces a directory by a file or a file by a directory', async () => {
    const dir = await tmp();
    await mkdir(join(dir, 'd'));
    await writeFile(join(dir, 'f'), 'mine');
    const options = { force: true, discardExisting: true };
    await expect(write(join(dir, 'd'), FILE, options)).rejects.toMatchObject({ code: 'DEST_EXISTS' });
    await expect(write(join(dir, 'f'), TREE, options)).rejects.toMatchObject({ code: 'DEST_EXISTS' });
  });

  it('replaces a directory only when each file in it was exported there, or when told to discard', async () => {
    const dir = await tmp();
    const out = join(dir, 'out');
    await write(out, TREE);
    const recorded = async () => ({
      has: (path: string, hash: string) => TREE.entries.some((e) => e.path === path && e.hash === hash),
      isOneUnderWay: false,
    });
    const next = treePayload({ 'new.txt': 'n' });
    await write(out, next, { force: true, recorded });
    expect(await readdir(out)).toEqual(['new.txt']);

    await writeFile(join(out, 'mine'), 'precious');
    const refused = write(out, TREE, {
      force: true,
      recorded: async () => ({ has: () => false, isOneUnderWay: false }),
    });
    await expect(refused).rejects.toMatchObject({
      code: 'DEST_EXISTS',
      hint: expect.stringContaining('--discard-existing'),
    });
    expect(await readFile(join(out, 'mine'), 'utf8')).toBe('precious');

    await write(out, TREE, { force: true, discardExisting: true });
    expect((await readdir(out)).sort()).toEqual(['a.txt', 'sub']);
    expect(await readdir(dir)).toEqual(['out']);
  });

  it('gives up, and puts everything back, when a file appears in the directory that is replaced', async () => {
    const out = join(await tmp(), 'out');
    await write(out, TREE);
    const journal = async () => {
      await writeFile(join(out, 'late'), 'precious');
    };
    const attempt = write(out, treePayload({ n: 'n' }), {
      force: true,
      recorded: async () => ({ has: () => true, isOneUnderWay: false }),
      journal,
    });
    await expect(attempt).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await readdir(out)).sort()).toEqual(['a.txt', 'late', 'sub']);
  });

  it.each<[string, (out: string) => Promise<void>]>([
    ['a file of it is removed', (out) => rm(join(out, 'sub/b.sh'))],
    ['it is removed as a whole', (out) => rm(out, { recursive: true })],
    ['a directory of it becomes a file', (out) => becomes(join(out, 'sub'), (at) => writeFile(at, ''))],
    ['a file of it becomes a link', (out) => becomes(join(out, 'a.txt'), (at) => symlink('sub/b.sh', at))],
    ['a file of it becomes a directory', (out) => becomes(join(out, 'a.txt'), (at) => mkdir(at))],
  ])('gives up when, while the directory to be replaced is read, %s', async (_, change) => {
    const dir = await tmp();
    const out = join(dir, 'out');
    await write(out, TREE);
    const recorded = async () => {
      await change(out);
      return { has: () => true, isOneUnderWay: false };
    };
    const attempt = write(out, treePayload({ n: 'n' }), { force: true, recorded });
    await expect(attempt).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `'${out}' was changed while this command was at work`,
    });
    expect((await readdir(dir)).filter((name) => name !== 'out')).toEqual([]);
  });

  it('gives up, even with --force, when a directory appears where there was none', async () => {
    const out = join(await tmp(), 'out');
    const journal = () => ensureDir(out);
    const attempt = write(out, TREE, { force: true, discardExisting: true, journal });
    await expect(attempt).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `'${out}' was changed while this command was at work`,
      hint: expect.stringContaining('run the command again'),
    });
    expect(await readdir(out)).toEqual([]);
  });

  it('keeps a changed directory that cannot be restored, and says where', async () => {
    for (const broken of [['exchange'], ['exchange', 'renameNoReplace']]) {
      const dir = await tmp();
      const out = join(dir, 'out');
      await write(out, TREE);
      let exchanges = 0;
      let unfinished = 0;
      const disk = interceptDisk(nodeDisk(), (operation, path) => {
        if (operation === 'exchange' && ++exchanges === 1) return;
        if (broken.includes(operation)) throw errnoError('EIO', operation, path);
      });
      const attempt = materialize(
        disk,
        treePayload({ n: 'n' }),
        { root: dir, path: toSafePath('out') },
        {
          protect: { cwd: '/nowhere' },
          random: systemRandom(),
          force: true,
          recorded: async () => ({ has: () => true, isOneUnderWay: false }),
          journal: () => writeFile(join(out, 'late'), 'precious'),
          onUnfinished: () => unfinished++,
        },
      );
      const error = await attempt.catch((e) => e);
      const kept = (await readdir(dir)).filter((name) => name !== 'out');
      expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', hint: expect.stringContaining(kept[0]!) });
      expect((await readdir(join(dir, kept[0]!))).sort()).toEqual(['a.txt', 'late', 'sub']);
      // What has a name that says nothing to the person is for the next writing command.
      expect([kept[0]!.startsWith('out.hs-saved-'), unfinished]).toEqual(
        broken.length === 1 ? [true, 0] : [false, 1],
      );
    }
  });

  it('shows nothing of bytes that do not match their hash', async () => {
    const dir = await tmp();
    const wrong = { ...FILE, hash: sha256('other') };
    await expect(write(join(dir, 'out'), wrong)).rejects.toMatchObject({ code: 'INTEGRITY' });
    const entries = TREE.entries.map((e) => ({ ...e, hash: sha256('other') }));
    const tree: PayloadSource = { type: 'directory', entries };
    await expect(write(join(dir, 'out'), tree)).rejects.toMatchObject({ code: 'INTEGRITY' });
    expect(await readdir(dir)).toEqual([]);
  });

  it('stops at a stream that gives more bytes than it should', async () => {
    const dir = await tmp();
    let given = 0;
    const endless: PayloadSource = {
      type: 'file',
      size: 10,
      async *stream() {
        for (;;) {
          given += 8;
          yield new Uint8Array(8);
        }
      },
    };
    await expect(write(join(dir, 'out'), endless)).rejects.toMatchObject({ code: 'INTEGRITY' });
    expect([given, await readdir(dir)]).toEqual([16, []]);
  });

  it('stops when it is interrupted, and leaves nothing', async () => {
    const dir = await tmp();
    const stop = new AbortController();
    const payload: PayloadSource = {
      type: 'file',
      async *stream() {
        yield Buffer.from('half');
        stop.abort();
        yield Buffer.from('more');
      },
    };
    const attempt = write(join(dir, 'out'), payload, { signal: stop.signal });
    await expect(attempt).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(await readdir(dir)).toEqual([]);
  });

  it('does not write through a link below the directory that was typed', async () => {
    const [dir, outside] = [await tmp(), await tmp()];
    await symlink(outside, join(dir, 'sub'));
    const destination = { root: dir, path: toSafePath('sub/out') };
    const options = { protect: { cwd: '/nowhere' }, random: systemRandom() };
    await expect(materialize(nodeDisk(), FILE, destination, options)).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
    });
    expect(await readdir(outside)).toEqual([]);
  });

  it('creates parent directories, and removes them if it fails', async () => {
    const dir = await tmp();
    const options = { protect: { cwd: '/nowhere' }, random: systemRandom() };
    const destination = { root: join(dir, 'hs-out'), path: toSafePath('a/b/out'), makeRoot: true };
    await expect(
      materialize(nodeDisk(), { ...FILE, hash: sha256('other') }, destination, options),
    ).rejects.toMatchObject({ code: 'INTEGRITY' });
    expect(await readdir(dir)).toEqual([]);
    await materialize(nodeDisk(), FILE, destination, options);
    expect(await readFile(join(dir, 'hs-out/a/b/out'), 'utf8')).toBe('payload');
  });

  it('says that the directory is not there, and which system error it was', async () => {
    const dir = await tmp();
    await expect(write(join(dir, 'no', 'out'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(write('/proc/out')).rejects.toMatchObject({
      code: expect.stringMatching(/SYSTEM|NOT_FOUND/),
    });
    const sim = new SimDisk({ bytes: 3 });
    sim.plant.dir('/out');
    const full = materialize(
      sim.process('hs'),
      FILE,
      { root: '/out', path: toSafePath('f') },
      { protect: { cwd: '/' }, random: systemRandom() },
    );
    await expect(full).rejects.toMatchObject({
      code: 'SYSTEM',
      message: expect.stringContaining('no space left'),
    });
    expect(sim.tree('/out')).toEqual([]);
  });

  it('refuses two paths that are one name on the destination', async () => {
    const dir = await tmp();
    const twice: PayloadSource = { type: 'directory', entries: [TREE.entries[0]!, TREE.entries[0]!] };
    await expect(write(join(dir, 'out'), twice)).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
      message: expect.stringContaining('another path have th'),
    });
    expect(await readdir(dir)).toEqual([]);
  });
});

describe('a destination that is refused even with --force', () => {
  const FORCE = { force: true, discardExisting: true };

  async function workspace() {
    const dir = await tmp();
    const [store, home, cwd] = [join(dir, 'w/.hsstore'), join(dir, 'home/me'), join(dir, 'cwd/here')];
    for (const path of [join(store, 'tmp'), home, cwd]) await ensureDir(path);
    return { dir, protect: { store, home, cwd } };
  }

  it.each(['w/.hsstore', 'w/.hsstore/tmp', 'w/.hsstore/new', 'w', 'home/me', 'home', 'cwd/here', 'cwd'])(
    '%s: the store, the home and the current directory, what is in the store and what holds them',
    async (at) => {
      const { dir, protect } = await workspace();
      await expect(write(join(dir, at), TREE, { ...FORCE, protect })).rejects.toMatchObject({
        code: 'UNSAFE_PATH',
      });
    },
  );

  it('the store under another name', async () => {
    const { dir, protect } = await workspace();
    await symlink(join(dir, 'w'), join(dir, 'alias'));
    const attempt = write(join(dir, 'alias/.hsstore/new'), FILE, { ...FORCE, protect });
    await expect(attempt).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  it.each(['find', 'readFile'])('takes no store for none because the disk fails (%s)', async (failing) => {
    const dir = await tmp();
    await ensureDir(join(dir, 'other'));
    await writeFile(join(dir, 'other/format.json'), '{"format":"hsstore","version":1}');
    const failed = (code: string) =>
      materialize(
        interceptDisk(nodeDisk(), (operation, path) => {
          if (operation === failing && path === join(dir, 'other/format.json')) {
            throw errnoError(code, operation, path);
          }
        }),
        FILE,
        { root: join(dir, 'other'), path: toSafePath('new') },
        { protect: { cwd: '/nowhere' }, random: systemRandom() },
      );
    for (const code of ['EIO', 'EMFILE']) {
      await expect(failed(code)).rejects.toMatchObject({ code: 'SYSTEM', cause: { code } });
    }
    // A directory that may not be searched could not be written to either; a file that may not be read may be a store's.
    if (failing === 'readFile') {
      await expect(failed('EACCES')).rejects.toMatchObject({ code: 'SYSTEM', cause: { code: 'EACCES' } });
    }
    expect(await readdir(join(dir, 'other'))).toEqual(['format.json']);
    if (failing === 'find') await failed('EACCES');
  });

  it.each(['w/.hsstore', 'w/.hsstore/objects/new', 'w', 'state/anchors', 'state/anchors/id', 'state'])(
    '%s: another store, what is in it and what holds it, and the anchors',
    async (at) => {
      const dir = await tmp();
      for (const made of ['w/.hsstore/objects', 'state/anchors', 'cwd']) await ensureDir(join(dir, made));
      await writeFile(join(dir, 'w/.hsstore/format.json'), '{"format":"hsstore","version":99}');
      await writeFile(join(dir, 'state/anchors/id'), 'seen');
      const protect = { cwd: join(dir, 'cwd'), anchor: join(dir, 'state/anchors/other') };
      for (const payload of at === 'w' || at === 'state' ? [TREE] : [TREE, FILE]) {
        await expect(write(join(dir, at), payload, { ...FORCE, protect })).rejects.toMatchObject({
          code: 'UNSAFE_PATH',
        });
      }
      expect(await readFile(join(dir, 'state/anchors/id'), 'utf8')).toBe('seen');
      expect(await readdir(join(dir, 'w/.hsstore'))).toEqual(['format.json', 'objects']);
    },
  );

  it('a mount point', async () => {
    const sim = new SimDisk();
    sim.plant.dir('/out');
    sim.plant.mount('/out/mnt');
    const destination = { root: '/out', path: toSafePath('mnt') };
    const options = { ...FORCE, protect: { cwd: '/nowhere' }, random: systemRandom() };
    await expect(materialize(sim.process('hs'), TREE, destination, options)).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
      message: expect.stringContaining('mount point'),
    });
  });
});

describe('a tree that replaces another', () => {
  it('does not go into a mount point further down', async () => {
    const sim = new SimDisk();
    sim.plant.dir('/to/out/sub');
    sim.plant.mount('/to/out/sub/mnt');
    sim.plant.file('/to/out/sub/mnt/mine', 'precious');
    const options = { force: true, discardExisting: true, protect: { cwd: '/x' }, random: systemRandom() };
    const attempt = materialize(sim.process('hs'), TREE, { root: '/to', path: toSafePath('out') }, options);
    await expect(attempt).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    expect(sim.tree('/to')).toEqual(['/to/out/', '/to/out/sub/', '/to/out/sub/mnt/', '/to/out/sub/mnt/mine']);
  });

  it('follows no link when removing a tree', async () => {
    const [dir, outside] = [await tmp(), await tmp()];
    await writeFile(join(outside, 'mine'), 'precious');
    await ensureDir(join(dir, 'out/sub'));
    await symlink(outside, join(dir, 'out/sub/link'));
    await chmod(join(dir, 'out/sub'), 0o755);
    await write(join(dir, 'out'), TREE, { force: true, discardExisting: true });
    expect(await readFile(join(outside, 'mine'), 'utf8')).toBe('precious');
    expect(await readdir(dir)).toEqual(['out']);
  });
});
