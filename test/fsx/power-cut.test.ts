import { describe, expect, it } from 'vitest';
import type { Disk } from '../../src/fsx/disk.js';
import { SimDisk } from '../sim/sim-disk.js';

const CONTENT = 'the whole content';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What a hundred power cuts leave of `/d/f`: its text, or `gone`. */
async function leftOf(work: (disk: Disk) => Promise<void>, path = '/d/f'): Promise<Map<string, number>> {
  const sim = new SimDisk();
  sim.plant.dir('/d');
  await work(sim.process('p'));
  const left = new Map<string, number>();
  for (let seed = 0; seed < 100; seed += 1) {
    const after = sim.afterCrash(seed);
    const found = after.exists(path) ? after.text(path) : 'gone';
    left.set(found, (left.get(found) ?? 0) + 1);
  }
  return left;
}

describe('a power cut on the simulated disk', () => {
  it('never loses a file that was synced, with its directory', async () => {
    const left = await leftOf(async (disk) => {
      await disk.writeFile('/d/f', bytes(CONTENT), { mode: 0o644, sync: true });
      await disk.syncDir('/d');
    });
    expect([...left.keys()]).toEqual([CONTENT]);
  });

  it('may lose the name when only the file was synced', async () => {
    const left = await leftOf((disk) => disk.writeFile('/d/f', bytes(CONTENT), { mode: 0o644, sync: true }));
    expect([...left.keys()].sort()).toEqual(['gone', CONTENT].sort());
  });

  it('may leave an empty, a shorter or a zeroed file when only the directory was synced', async () => {
    const left = await leftOf(async (disk) => {
      await disk.writeFile('/d/f', bytes(CONTENT), { mode: 0o644, sync: false });
      await disk.syncDir('/d');
    });
    const found = [...left.keys()];
    expect(found).not.toContain('gone');
    expect(found).toContain(CONTENT);
    expect(found).toContain('');
    expect(found.some((text) => text.length > 0 && text.length < CONTENT.length)).toBe(true);
    expect(found.some((text) => text.length === CONTENT.length && text.includes('\0'))).toBe(true);
  });

  it('keeps everything written before a sync of the filesystem, and nothing written after', async () => {
    const left = await leftOf(async (disk) => {
      await disk.writeFile('/d/tmp', bytes(CONTENT), { mode: 0o644, sync: false });
      await disk.syncFilesystem('/d');
      await disk.rename('/d/tmp', '/d/f');
    });
    expect([...left.keys()].sort()).toEqual(['gone', CONTENT].sort());
  });

  it('keeps a rename atomic: one of the two names, with the old content or the new', async () => {
    const sim = new SimDisk();
    sim.plant.file('/d/f', 'old');
    const disk = sim.process('p');
    await disk.writeFile('/d/tmp', bytes('new'), { mode: 0o644, sync: true });
    await disk.rename('/d/tmp', '/d/f');
    const found = new Set<string>();
    for (let seed = 0; seed < 100; seed += 1) {
      const after = sim.afterCrash(seed);
      found.add(`${after.text('/d/f')} ${after.exists('/d/tmp') ? 'tmp' : ''}`);
    }
    expect([...found].sort()).toEqual(['new ', 'old ', 'old tmp']);
  });

  it('keeps an exchange atomic', async () => {
    const sim = new SimDisk();
    sim.plant.file('/d/a', 'a');
    sim.plant.file('/d/b', 'b');
    await sim.process('p').exchange('/d/a', '/d/b');
    const found = new Set<string>();
    for (let seed = 0; seed < 50; seed += 1) {
      const after = sim.afterCrash(seed);
      found.add(after.text('/d/a') + after.text('/d/b'));
    }
    expect([...found].sort()).toEqual(['ab', 'ba']);
  });

  it('never shows a directory under two names, however often it was renamed', async () => {
    const sim = new SimDisk();
    sim.plant.dir('/a');
    const disk = sim.process('p');
    await disk.rename('/a', '/b');
    await disk.rename('/b', '/c');
    for (let seed = 0; seed < 50; seed += 1) expect(sim.afterCrash(seed).tree()).toHaveLength(1);
  });

  it('reorders unsynced operations: a later name may survive without an earlier one', async () => {
    const sim = new SimDisk();
    sim.plant.dir('/d');
    const disk = sim.process('p');
    await disk.mkdir('/d/1', 0o755);
    await disk.mkdir('/d/2', 0o755);
    const after = Array.from({ length: 100 }, (_, seed) => sim.afterCrash(seed));
    expect(after.some((disk) => disk.exists('/d/2') && !disk.exists('/d/1'))).toBe(true);
    expect(after.some((disk) => !disk.exists('/d/2') && disk.exists('/d/1'))).toBe(true);
  });

  it('may bring a removed name back until the directory is synced', async () => {
    const remove = async (disk: Disk) => {
      await disk.writeFile('/d/f', bytes(CONTENT), { mode: 0o644, sync: true });
      await disk.syncDir('/d');
      await disk.unlink('/d/f');
    };
    expect([...(await leftOf(remove)).keys()].sort()).toEqual(['gone', CONTENT].sort());
    const synced = await leftOf(async (disk) => {
      await remove(disk);
      await disk.syncDir('/d');
    });
    expect([...synced.keys()]).toEqual(['gone']);
  });

  it('loses a new directory with all in it when the one above was not synced', async () => {
    const left = await leftOf(async (disk) => {
      await disk.mkdir('/d/new', 0o755);
      await disk.writeFile('/d/new/f', bytes(CONTENT), { mode: 0o644, sync: true });
      await disk.syncDir('/d/new');
    }, '/d/new/f');
    expect([...left.keys()].sort()).toEqual(['gone', CONTENT].sort());
  });

  it('keeps the synced start of a file that was appended to', async () => {
    const left = await leftOf(async (disk) => {
      const file = await disk.open('/d/f', { access: 'create', mode: 0o644 });
      await file.write(bytes('synced'));
      await file.sync();
      await file.write(bytes(' and more'));
      await disk.syncDir('/d');
    });
    expect([...left.keys()].every((text) => text.startsWith('synced'))).toBe(true);
    expect(left.has('synced')).toBe(true);
  });

  it('does not trust a sync that comes after a failed one', async () => {
    const sim = new SimDisk();
    sim.plant.dir('/d');
    const disk = sim.process('p');
    const file = await disk.open('/d/f', { access: 'create', mode: 0o644 });
    await file.write(bytes(CONTENT));
    sim.failAt(1, 'EIO');
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' });
    await file.sync();
    await disk.syncDir('/d');
    const left = Array.from({ length: 50 }, (_, seed) => sim.afterCrash(seed).text('/d/f'));
    expect(left).toContain('');
  });

  it('is the same for the same seed', async () => {
    const run = async (seed: number) => {
      const sim = new SimDisk({ seed });
      sim.plant.dir('/d');
      const disk = sim.process('p');
      for (let i = 0; i < 20; i += 1)
        await disk.writeFile(`/d/${i}`, bytes(CONTENT), { mode: 0o644, sync: i % 2 === 0 });
      sim.crash();
      return sim.tree().map((path) => (path.endsWith('/') ? path : `${path} ${sim.text(path)}`));
    };
    expect(await run(7)).toEqual(await run(7));
    const runs = new Set<string>();
    for (let seed = 0; seed < 8; seed += 1) runs.add(JSON.stringify(await run(seed)));
    expect(runs.size).toBeGreaterThan(3);
  });

  it('leaves the running disk as it was when only a copy is cut', async () => {
    const sim = new SimDisk();
    const disk = sim.process('p');
    await disk.writeFile('/f', bytes(CONTENT), { mode: 0o644, sync: false });
    for (let seed = 0; seed < 10; seed += 1) {
      const copy = sim.afterCrash(seed);
      copy.plant.file('/f', 'damaged');
    }
    expect(sim.text('/f')).toBe(CONTENT);
  });
});
