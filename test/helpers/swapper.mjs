// Exchanges two names as fast as it can until it is killed: an attacker for the race tests.
import { createRequire } from 'node:module';

const { swapSync } = createRequire(import.meta.url)('fs-native-extensions');
const [, , directory, link] = process.argv;
process.stdout.write('ready\n');
for (;;) {
  // In bursts, so that the parent's death is noticed and the signal handled.
  for (let i = 0; i < 1000; i++) swapSync(directory, link);
  if (process.ppid === 1) process.exit();
}
