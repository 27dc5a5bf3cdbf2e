import { describe, expect, it } from 'vitest';
import type { Disk } from '../../src/fsx/disk.js';
import { readOnlyDisk } from '../sim/read-only-disk.js';
import { SimDisk } from '../sim/sim-disk.js';

describe('a read-only disk', () => {
  it('refuses every change with EROFS and leaves the disk as it was', async () => {
    const sim = new SimDisk();
    sim.plant.file('/d/f', 'content');
    sim.plant.dir('/d/empty');
    const disk = readOnlyDisk(sim.process('p'));
    const reading = await disk.open('/d/f', { access: 'read' });
    const changes: Array<(disk: Disk) => Promise<unknown>> = [
      (disk) => disk.open('/d/new', { access: 'create' }),
      (disk) => disk.open('/d/f', { access: 'update' }),
      (disk) => disk.writeFile('/d/new', new Uint8Array(1), { mode: 0o644, sync: false }),
      (disk) => disk.mkdir('/d/new', 0o755),
      (disk) => disk.rmdir('/d/empty'),
      (disk) => disk.unlink('/d/f'),
      (disk) => disk.removeTree('/d'),
      (disk) => disk.link('/d/f', '/d/new'),
      (disk) => disk.rename('/d/f', '/d/new'),
      (disk) => disk.renameNoReplace('/d/f', '/d/new'),
      (disk) => disk.exchange('/d/f', '/d/empty'),
      (disk) => disk.chmod('/d/f', 0o600),
      () => reading.chmod(0o600),
      () => reading.write(new Uint8Array(1)),
    ];
    const before = sim.tree();
    for (const change of changes) await expect(change(disk)).rejects.toMatchObject({ code: 'EROFS' });
    expect(sim.tree()).toEqual(before);
    expect(sim.trace.map(({ operation }) => operation)).toEqual(['open:read']);
  });

  it('reads, lists and opens directories as the disk below does', async () => {
    const sim = new SimDisk();
    sim.plant.file('/d/f', 'content');
    const disk = readOnlyDisk(sim.process('p'));
    const dir = await disk.openDir('/d');
    expect((await disk.readFile(`${dir.path}/f`, 100)).length).toBe(7);
    expect((await disk.readdir('/d')).length).toBe(1);
    expect((await disk.lstat('/d/f')).size).toBe(7);
    await dir.close();
  });
});
