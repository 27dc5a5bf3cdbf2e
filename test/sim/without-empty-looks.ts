import type { Disk } from '../../src/fsx/disk.js';
import type { SimProcess } from './process.js';
import type { SimDisk } from './sim-disk.js';

const FAN_OUT_DIR = /\/objects\/[0-9a-f]{2}$/;

/** Sees an empty directory without waiting for a turn: the 256 of objects/ would be most of a run. */
export function withoutEmptyLooks(sim: SimDisk, process: SimProcess): Disk {
  return new Proxy<Disk>(process, {
    get: (target, key) => {
      if (key === 'readdir') {
        return async (path: string) =>
          process.alive && FAN_OUT_DIR.test(path) && sim.tree(path).length === 0 ? [] : process.readdir(path);
      }
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
