import { describe, expect, it } from 'vitest';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { systemEnvironment } from '../../src/fsx/system-effects.js';
import { belowLeast } from '../../src/sandbox/levels.js';
import { removeScratch, runSandboxed, SANDBOX_LEVELS, sandboxHost } from '../../src/sandbox/sandbox.js';
import { makeWorld, USERS } from './world.js';

describe('a level', () => {
  it('is enough from the demanded one on', () => {
    const enough = SANDBOX_LEVELS.filter((level) => belowLeast(level, 'isolated') === undefined);
    expect(enough).toEqual(['isolated', 'enforced+observed']);
  });

  it.skipIf(process.platform !== 'linux')(
    'that turns out too low where the launcher runs leaves the tool unstarted',
    async () => {
      const world = makeWorld(USERS[0]!, 'visible');
      // No seccomp filter is known for it: bubblewrap cannot isolate there.
      const host = { ...sandboxHost(nodeDisk(), systemEnvironment()), arch: 'unknown' };
      let started = false;
      try {
        const ran = runSandboxed(
          host,
          {
            command: ['true'],
            projectDir: world.project,
            captureDir: world.capture,
            scratchDir: world.scratch,
            storeDir: world.store,
            network: false,
            env: { PATH: '/usr/bin:/bin' },
            stdin: 'ignore',
            signal: new AbortController().signal,
            onOutput: () => {},
            onStart: () => {
              started = true;
            },
          },
          { least: 'isolated' },
        );
        await expect(ran).rejects.toMatchObject({ code: 'SANDBOX' });
        expect(started).toBe(false);
      } finally {
        await removeScratch(world.root);
      }
    },
  );
});
