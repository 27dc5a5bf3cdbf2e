import { describe, expect, it } from 'vitest';
import type { Disk } from '../../src/fsx/disk.js';
import { SimDisk } from '../sim/sim-disk.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const put = (disk: Disk, path: string, content = 'x') =>
  disk.writeFile(path, bytes(content), { mode: 0o644, sync: true });

describe('a killed process', () => {
  it('leaves its writes, releases its locks, and never reaches the disk again', async () => {
    const sim = new SimDisk();
    const victim = sim.process('victim');
    const other = sim.process('other');
    const held = await victim.open('/lock', { access: 'create', mode: 0o600 });
    expect(await held.tryLock()).toBe(true);
    const file = await other.open('/lock', { access: 'update' });
    expect(await file.tryLock()).toBe(false);
    await put(victim, '/a', 'unsynced');
    sim.kill(victim);
    expect(await file.tryLock()).toBe(true);
    expect(sim.text('/a')).toBe('unsynced');
    const late = await Promise.race([put(victim, '/b'), new Promise((r) => setTimeout(r, 5, 'silence'))]);
    expect(late).toBe('silence');
    expect(sim.exists('/b')).toBe(false);
  });

  it('runs no `finally`, and its run ends as killed', async () => {
    const sim = new SimDisk();
    const process = sim.process('p');
    let cleaned = false;
    sim.killAt(2);
    const outcome = await process.run(async (disk) => {
      try {
        await disk.mkdir('/a', 0o755);
        await disk.mkdir('/b', 0o755);
      } finally {
        cleaned = true;
      }
    });
    expect(outcome).toEqual({ status: 'killed' });
    expect(cleaned).toBe(false);
    expect(sim.tree()).toEqual(['/a/']);
  });

  it('may leave half of the write it died in', async () => {
    const left = new Set<string>();
    for (let seed = 0; seed < 40; seed += 1) {
      const sim = new SimDisk({ seed });
      sim.killAt(2);
      await sim.process('p').run((disk) => put(disk, '/f', 'abcd'));
      left.add(sim.text('/f'));
    }
    expect([...left].sort()).toEqual(['', 'a', 'ab', 'abc', 'abcd']);
  });

  it('can be killed at every operation of a piece of work, and nothing else changes', async () => {
    const work = async (disk: Disk) => {
      await put(disk, '/tmp', 'content');
      await disk.link('/tmp', '/done');
      await disk.unlink('/tmp');
    };
    const whole = new SimDisk();
    await work(whole.process('p'));
    for (let n = 1; n <= whole.operations; n += 1) {
      const sim = new SimDisk();
      sim.killAt(n);
      expect((await sim.process('p').run(work)).status).toBe('killed');
      if (sim.exists('/done')) expect(sim.text('/done')).toBe('content');
      expect(sim.operations).toBe(n);
    }
  });
});

describe('a power cut in the middle', () => {
  it('ends every process, and the disk can be used again by new ones', async () => {
    const sim = new SimDisk();
    const [a, b] = [sim.process('a'), sim.process('b')];
    const lock = await b.open('/lock', { access: 'create', mode: 0o600 });
    await lock.tryLock();
    sim.settle();
    sim.crashAt(1);
    expect((await a.run((disk) => disk.mkdir('/a', 0o755))).status).toBe('killed');
    expect(b.alive).toBe(false);
    const again = await sim.process('c').open('/lock', { access: 'update' });
    expect(await again.tryLock()).toBe(true);
  });
});

describe('injected failures', () => {
  it('fail the n-th operation, or those that are chosen, and only those', async () => {
    const sim = new SimDisk();
    const disk = sim.process('p');
    sim.failAt(2, 'EIO');
    await disk.mkdir('/a', 0o755);
    await expect(disk.mkdir('/b', 0o755)).rejects.toMatchObject({ code: 'EIO', path: '/b' });
    const end = sim.inject(({ operation, path }) =>
      operation === 'mkdir' && path === '/c' ? { fail: 'EACCES' } : undefined,
    );
    await expect(disk.mkdir('/c', 0o755)).rejects.toMatchObject({ code: 'EACCES' });
    await disk.mkdir('/b', 0o755);
    end();
    await disk.mkdir('/c', 0o755);
    expect(
      sim.trace.map(({ n, operation, path, outcome }) => `${n} ${operation} ${path} ${outcome}`),
    ).toEqual([
      '1 mkdir /a done',
      '2 mkdir /b EIO',
      '3 mkdir /c EACCES',
      '4 mkdir /b done',
      '5 mkdir /c done',
    ]);
  });

  it('make writeFile remove its file', async () => {
    for (const n of [2, 3]) {
      const sim = new SimDisk();
      sim.failAt(n, 'EIO');
      await expect(put(sim.process('p'), '/f')).rejects.toMatchObject({ code: 'EIO' });
      expect(sim.tree()).toEqual([]);
    }
  });
});

describe('a full disk', () => {
  it('writes partially and fails with ENOSPC, while rename, link and unlink still work', async () => {
    const sim = new SimDisk({ bytes: 10 });
    const disk = sim.process('p');
    await put(disk, '/a', '1234567');
    const file = await disk.open('/b', { access: 'create', mode: 0o600 });
    await expect(file.write(bytes('abcdef'))).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(sim.text('/b')).toBe('abc');
    await disk.rename('/b', '/c');
    await disk.link('/a', '/d');
    await disk.unlink('/c');
    await expect(put(disk, '/e', 'abcd')).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(sim.exists('/e')).toBe(false);
    await file.close();
    await put(disk, '/e', 'abc');
    expect((await disk.space('/')).freeBytes).toBe(0);
  });

  it('can be full of inodes alone, until one is freed', async () => {
    const sim = new SimDisk({ inodes: 2 });
    const disk = sim.process('p');
    await put(disk, '/a');
    await expect(put(disk, '/b')).rejects.toMatchObject({ code: 'ENOSPC' });
    await expect(disk.mkdir('/b', 0o755)).rejects.toMatchObject({ code: 'ENOSPC' });
    await disk.link('/a', '/c');
    await disk.unlink('/a');
    await expect(put(disk, '/b')).rejects.toMatchObject({ code: 'ENOSPC' });
    await disk.unlink('/c');
    await put(disk, '/b');
  });
});

it('a file that cannot be closed is closed all the same, as Linux does, and its lock is free', async () => {
  const sim = new SimDisk();
  const [one, other] = [sim.process('one'), sim.process('other')];
  await put(one, '/a');
  const held = await one.open('/a', { access: 'update' });
  expect(await held.tryLock()).toBe(true);
  sim.failAt(1, 'EIO');
  await expect(held.close()).rejects.toMatchObject({ code: 'EIO' });
  await expect(held.stat()).rejects.toMatchObject({ code: 'EBADF' });
  expect(await (await other.open('/a', { access: 'update' })).tryLock()).toBe(true);
});

describe('operations that a filesystem may lack', () => {
  it('is refused as Linux refuses it', async () => {
    const sim = new SimDisk({ lacks: ['link', 'exchange', 'syncFilesystem', 'lock', 'syncDir'] });
    const disk = sim.process('p');
    await put(disk, '/a');
    await put(disk, '/b');
    await expect(disk.link('/a', '/c')).rejects.toMatchObject({ code: 'EPERM' });
    await expect(disk.exchange('/a', '/b')).rejects.toMatchObject({ code: 'EINVAL' });
    expect(await disk.syncFilesystem('/')).toBe(false);
    const file = await disk.open('/a', { access: 'update' });
    await expect(file.tryLock()).rejects.toMatchObject({ code: 'ENOLCK' });
    await expect(disk.syncDir('/')).rejects.toMatchObject({ code: 'EINVAL' });
  });

  it('nothing moves between filesystems: EXDEV', async () => {
    const sim = new SimDisk();
    sim.plant.mount('/mnt');
    const disk = sim.process('p');
    await put(disk, '/a');
    for (const operation of [disk.link, disk.rename, disk.renameNoReplace, disk.exchange])
      await expect(operation.call(disk, '/a', '/mnt/a')).rejects.toMatchObject({ code: 'EXDEV' });
    await expect(disk.rename('/mnt', '/other')).rejects.toMatchObject({ code: 'EBUSY' });
    expect((await disk.lstat('/mnt')).dev).not.toBe((await disk.lstat('/')).dev);
  });
});

describe('other people', () => {
  it('are bound by the modes; their files cannot be linked', async () => {
    const sim = new SimDisk();
    sim.plant.file('/theirs/f', 'secret', 0o600);
    sim.plant.owner('/theirs/f', 2000);
    sim.plant.owner('/theirs', 2000);
    const disk = sim.process('p');
    await expect(disk.readFile('/theirs/f', 10)).rejects.toMatchObject({ code: 'EACCES' });
    await expect(disk.unlink('/theirs/f')).rejects.toMatchObject({ code: 'EACCES' });
    await expect(disk.chmod('/theirs/f', 0o644)).rejects.toMatchObject({ code: 'EPERM' });
    await expect(disk.link('/theirs/f', '/mine')).rejects.toMatchObject({ code: 'EPERM' });
    expect((await sim.process('root', { uid: 0 }).readFile('/theirs/f', 10)).length).toBe(6);
  });
});

describe('a directory that was reached before', () => {
  const reached = async () => {
    const sim = new SimDisk();
    sim.plant.file('/a/b/f', 'in it');
    sim.plant.file('/other/b/f', 'another');
    const disk = sim.process('p');
    const text = async () => new TextDecoder().decode(await disk.readFile('/a/b/f', 9));
    expect(await text()).toBe('in it');
    return { sim, disk, text };
  };

  it('is not found by its old path once one above it was renamed, exchanged, or replaced by a link', async () => {
    const renamed = await reached();
    await renamed.disk.rename('/a', '/c');
    await expect(renamed.text()).rejects.toMatchObject({ code: 'ENOENT' });
    renamed.sim.plant.symlink('/other', '/a');
    expect(await renamed.text()).toBe('another');

    const exchanged = await reached();
    await exchanged.disk.exchange('/a', '/other');
    expect(await exchanged.text()).toBe('another');
  });

  it('is searched no more once the mode or the owner of one above it forbids that', async () => {
    const closed = await reached();
    await closed.disk.chmod('/a', 0o600);
    await expect(closed.text()).rejects.toMatchObject({ code: 'EACCES' });

    const given = await reached();
    await given.disk.chmod('/a', 0o700);
    expect(await given.text()).toBe('in it');
    given.sim.plant.owner('/a', 2000);
    await expect(given.text()).rejects.toMatchObject({ code: 'EACCES' });
    const stranger = given.sim.process('q', { uid: 3000 });
    await expect(stranger.readFile('/a/b/f', 9)).rejects.toMatchObject({ code: 'EACCES' });
  });

  it('is another one after a power cut', async () => {
    const { sim, disk } = await reached();
    await disk.unlink('/a/b/f');
    await disk.rmdir('/a/b');
    await disk.mkdir('/a/b', 0o755);
    await put(disk, '/a/b/f', 'unsynced');
    sim.settle();
    sim.crash();
    const after = sim.process('p');
    await after.unlink('/a/b/f');
    expect(sim.exists('/a/b/f')).toBe(false);
  });

  it('has one content now and another one after a power cut', async () => {
    const { sim, disk } = await reached();
    sim.settle();
    const rested = sim.afterCrash(1);
    await put(rested.process('p'), '/a/b/g');
    await rested.process('p').unlink('/a/b/f');
    expect(rested.tree('/a')).toEqual(['/a/b/', '/a/b/g']);
    expect(sim.tree('/a')).toEqual(['/a/b/', '/a/b/f']);
    const left = Array.from({ length: 40 }, (_, seed) => rested.afterCrash(seed).tree('/a').join());
    expect(new Set(left)).toEqual(new Set(['/a/b/,/a/b/f', '/a/b/', '/a/b/,/a/b/f,/a/b/g', '/a/b/,/a/b/g']));
    expect(await disk.find('/a/b/f')).toBeDefined();
  });
});

describe('the scheduler', () => {
  /** Three processes take numbers by `link`; the order in which they won. */
  const race = async (seed: number) => {
    const sim = new SimDisk({ seed, interleave: true });
    const won: string[] = [];
    const worker = (name: string) => async (disk: Disk) => {
      await put(disk, `/${name}`, name);
      for (let n = 0; n < 10; n += 1) {
        try {
          await disk.link(`/${name}`, `/n${n}`);
          won.push(name);
        } catch {}
      }
    };
    const outcomes = await Promise.all(['a', 'b', 'c'].map((name) => sim.process(name).run(worker(name))));
    expect(outcomes.every(({ status }) => status === 'done')).toBe(true);
    return { won: won.join(''), trace: sim.trace.map(({ process, operation }) => `${process} ${operation}`) };
  };

  it('interleaves processes differently for different seeds, and gives each number once', async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 20; seed += 1) {
      const { won } = await race(seed);
      expect(won).toHaveLength(10);
      orders.add(won);
    }
    expect(orders.size).toBeGreaterThan(5);
  });

  it('repeats a run exactly for the same seed', async () => {
    expect(await race(3)).toEqual(await race(3));
  });

  it('shows a file between its creation and its content to another process', async () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 30; seed += 1) {
      const sim = new SimDisk({ seed, interleave: true });
      const reader = sim.process('reader').run(async (disk) => {
        for (let i = 0; i < 4; i += 1) {
          await disk.readFile('/f', 10).then(
            (content) => seen.add(new TextDecoder().decode(content)),
            () => seen.add('none'),
          );
        }
      });
      await Promise.all([reader, sim.process('writer').run((disk) => put(disk, '/f', 'full'))]);
    }
    expect([...seen].sort()).toEqual(['', 'full', 'none']);
  });

  it('can miss a name that moves while the directory is listed', async () => {
    const missed = new Set<number>();
    for (let seed = 0; seed < 30; seed += 1) {
      const sim = new SimDisk({ seed, interleave: true });
      sim.plant.file('/d/0', 'x');
      const lister = sim.process('lister').run((disk) => disk.readdir('/d'));
      const mover = sim.process('mover').run((disk) => disk.rename('/d/0', '/d/1'));
      const [listed] = await Promise.all([lister, mover]);
      if (listed.status === 'done') missed.add(listed.value.length);
    }
    expect([...missed].sort()).toEqual([0, 1]);
  });
});
