// Makes the file that is its argument, takes the kernel lock on it, says so, and holds it until killed.
import { openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';

const { tryLock } = createRequire(import.meta.url)('fs-native-extensions');
const fd = openSync(process.argv[2], 'wx+', 0o600);
if (!tryLock(fd)) process.exit(1);
writeSync(fd, process.argv[3] ?? '');
process.stdout.write('held\n');
setInterval(() => {}, 1000);
