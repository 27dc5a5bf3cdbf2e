import { describe, expect, it } from 'vitest';
import { toSafePath } from '../../../src/core/paths/safe-path.js';
import { systemRandom } from '../../../src/fsx/system-effects.js';
import { materialize } from '../../../src/ops/materialize/materialize.js';
import type { PayloadEntry } from '../../../src/ops/payload/payload-source.js';
import { SimDisk } from '../../sim/sim-disk.js';
import { treePayload } from './payloads.js';

const [small] = treePayload({ a: 'small' }).entries;
const many: PayloadEntry[] = Array.from({ length: 4000 }, (_, i) => ({
  ...small!,
  path: toSafePath(`f${String(i).padStart(4, '0')}`),
}));

function disk(): { sim: SimDisk; write: (signal?: AbortSignal) => Promise<unknown> } {
  const sim = new SimDisk();
  sim.plant.dir('/out');
  const write = (signal?: AbortSignal) =>
    materialize(
      sim.process('hs'),
      { type: 'directory', entries: many },
      { root: '/out', path: toSafePath('dest') },
      { protect: { cwd: '/' }, random: systemRandom(), ...(signal === undefined ? {} : { signal }) },
    );
  return { sim, write };
}

describe('a large tree', () => {
  it('is made durable while it is written, and again when all of it is there', async () => {
    const { sim, write } = disk();
    await write();
    const done = sim.trace.map((t) => t.operation).filter((o) => o === 'writeFile' || o === 'syncFilesystem');
    expect(done.filter((o) => o === 'syncFilesystem')).toHaveLength(2);
    expect(done.at(-1)).toBe('syncFilesystem');
    sim.crash();
    expect(sim.tree('/out')).toHaveLength(1 + many.length);
    expect(sim.text('/out/dest/f3999')).toBe('small');
  });

  it('is not published when a sync on the way has failed, though the last one has not', async () => {
    const { sim, write } = disk();
    let syncs = 0;
    sim.inject(({ operation }) =>
      operation === 'syncFilesystem' && ++syncs === 1 ? { fail: 'EIO' } : undefined,
    );
    await expect(write()).rejects.toMatchObject({ code: 'SYSTEM' });
    expect(syncs).toBe(2);
    expect(sim.tree('/out')).toEqual([]);
  });

  it('can be interrupted, though none of its files makes it wait', async () => {
    const { sim, write } = disk();
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    await expect(write(controller.signal)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(sim.tree('/out')).toEqual([]);
  });
});
