import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { tmp } from '../helpers/tmp.js';
import { faultDisk } from '../sim/fault-disk.js';
import { SimDisk } from '../sim/sim-disk.js';
import { describeDisk, type World } from './disk-contract.js';

async function realWorld(): Promise<World> {
  return {
    disk: nodeDisk(),
    root: await tmp(),
    symlink: async (target, path) => symlinkSync(target, path),
    fifo: async (path) => {
      execFileSync('mkfifo', [path]);
    },
    rawName: async (dir, name) => writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), name]), ''),
  };
}

function simulatedWorld(interleave: boolean): World {
  const sim = new SimDisk({ interleave });
  sim.plant.dir('/ws/root');
  return {
    disk: sim.process('one'),
    root: '/ws/root',
    symlink: async (target, path) => sim.plant.symlink(target, path),
    fifo: async (path) => sim.plant.fifo(path),
    rawName: async (dir, name) => sim.plant.rawName(dir, name),
  };
}

describeDisk('the real disk', realWorld);
describeDisk('the simulated disk', async () => simulatedWorld(false));
describeDisk('the simulated disk under a scheduler', async () => simulatedWorld(true));
describeDisk('a fault disk without faults', async () => {
  const world = simulatedWorld(false);
  return { ...world, disk: faultDisk(world.disk, { onOperation: () => {} }) };
});
