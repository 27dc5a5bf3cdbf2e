/** Start-up: `hs hash-object` on 1 KiB against a node that does nothing. */
import { join } from 'node:path';
import { alternate, environment, HS, report, scratch, time, writeRandom } from './lib.mjs';

export function run() {
  const dir = scratch();
  try {
    const file = join(dir.path, 'file');
    writeRandom(file, 1024);
    const options = { cwd: dir.path, env: environment(dir.path) };
    const result = alternate(
      31,
      () => time(process.execPath, [HS, 'hash-object', file], options),
      () => time(process.execPath, ['-e', '0'], options),
    );
    return report('hs hash-object on 1 KiB / node -e 0', result, 1.5);
  } finally {
    dir.remove();
  }
}
