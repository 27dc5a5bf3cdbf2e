import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { tmuxIsHere } from './harness/tmux.js';

it.skipIf(!tmuxIsHere)(
  'the picture in the README is what hs gc shows (needs tmux)',
  () => {
    const script = new URL('../../scripts/picture.mjs', import.meta.url).pathname;
    const { stderr, status } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  },
  60_000,
);
