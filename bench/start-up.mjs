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
    // From Node 22 on bare Node starts in a third of the time.
    const target = process.versions.node.startsWith('20.') ? 1.25 : 1.5;
    return report('hs hash-object on 1 KiB / node -e 0', result, target);
  } finally {
    dir.remove();
  }
}
