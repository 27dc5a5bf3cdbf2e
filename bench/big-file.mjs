/** One big file: `hs put` against `openssl dgst -sha256`, and the memory that it takes. */

import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { removeSync } from 'fs-extra/esm';
import { alternate, environment, HS, peakMemory, report, scratch, time, writeRandom } from './lib.mjs';

const SIZE = 1 << 30;
const MAX_MIB = 150;

/** Other bytes each time, so that nothing is there already. */
function touch(file, n) {
  const fd = openSync(file, 'r+');
  writeSync(fd, Buffer.from(`run ${n}\n`), 0, null, 0);
  closeSync(fd);
}

export async function run() {
  const dir = scratch();
  try {
    const file = join(dir.path, 'big');
    writeRandom(file, SIZE);
    const options = { cwd: dir.path, env: environment(dir.path) };
    const fresh = (n) => {
      removeSync(join(dir.path, '.hsstore'));
      time(process.execPath, [HS, 'init', dir.path], options);
      touch(file, n);
      // What earlier runs left to be written is not this run's work.
      time('sync', ['-f', dir.path]);
    };
    const result = alternate(
      9,
      (n) => {
        fresh(n);
        return time(process.execPath, [HS, 'put', file], options);
      },
      () => time('openssl', ['dgst', '-sha256', file]),
    );
    const speed = report('hs put of 1 GiB / openssl dgst -sha256', result, 1.5);
    fresh(99);
    const mib = await peakMemory(process.execPath, [HS, 'put', file], options);
    console.log(
      `${mib < MAX_MIB ? 'ok    ' : 'MISSED'} ${mib.toFixed(0)} MiB (below ${MAX_MIB})  peak memory of hs put of 1 GiB`,
    );
    return speed && mib < MAX_MIB;
  } finally {
    dir.remove();
  }
}
