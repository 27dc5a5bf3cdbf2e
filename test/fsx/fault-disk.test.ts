import { describe, expect, it } from 'vitest';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { tmp } from '../helpers/tmp.js';
import { Crash, crashAt, faultDisk } from '../sim/fault-disk.js';

const bytes = new TextEncoder().encode('content');

describe('a fault disk', () => {
  it('counts operations, those of open files and directories included', async () => {
    const root = await tmp();
    const seen: string[] = [];
    const disk = faultDisk(nodeDisk(), { onOperation: (operation) => seen.push(operation) });
    const file = await disk.open(`${root}/a`, { access: 'create', mode: 0o600 });
    await file.write(bytes);
    await file.close();
    const dir = await disk.openDir(root);
    await dir.sync();
    await dir.close();
    expect(seen).toEqual(['open:create', 'file.write', 'file.close', 'openDir', 'dir.sync', 'dir.close']);
    expect(disk.operations).toBe(6);
  });

  it('dies at the n-th operation and stays dead: no clean-up reaches the disk', async () => {
    const root = await tmp();
    const disk = faultDisk(nodeDisk(), crashAt(2));
    const work = async () => {
      await disk.writeFile(`${root}/a`, bytes, { mode: 0o644, sync: false });
      try {
        await disk.rename(`${root}/a`, `${root}/b`);
      } finally {
        await disk.unlink(`${root}/a`);
      }
    };
    await expect(work()).rejects.toBeInstanceOf(Crash);
    expect((await nodeDisk().readdir(root)).map((entry) => entry.name)).toEqual(['a']);
  });

  it('frees the locks of the dead, as the kernel does', async () => {
    const root = await tmp();
    const disk = faultDisk(nodeDisk(), crashAt(3));
    const held = await disk.open(`${root}/lock`, { access: 'create', mode: 0o600 });
    expect(await held.tryLock()).toBe(true);
    const judge = await nodeDisk().open(`${root}/lock`, { access: 'update' });
    expect(await judge.tryLock()).toBe(false);
    await expect(held.write(bytes)).rejects.toBeInstanceOf(Crash);
    expect(await judge.tryLock()).toBe(true);
    await judge.close();
  });

  it('fails a single operation with any error, and continues', async () => {
    const root = await tmp();
    const disk = faultDisk(nodeDisk(), {
      onOperation: (_operation, _path, n) => {
        if (n === 1) throw new RangeError('no');
      },
    });
    await expect(disk.mkdir(`${root}/a`, 0o755)).rejects.toBeInstanceOf(RangeError);
    await disk.mkdir(`${root}/a`, 0o755);
  });
});
