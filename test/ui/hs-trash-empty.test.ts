import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HS_PROGRAM, hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';
import { Tmux, tmuxIsHere } from './harness/tmux.js';

describe.skipIf(!tmuxIsHere)('hs trash empty in a terminal (needs tmux)', () => {
  it('purges what it showed, and nothing that was removed while it asked', async () => {
    const directory = await tmp();
    const env = { HOME: directory, XDG_STATE_HOME: join(directory, 'state'), HS_ACTOR: 'human:ada' };
    const run = (...args: string[]) => hs(args, { cwd: directory, env });
    await run('init');
    for (const name of ['shown', 'later']) {
      writeFileSync(join(directory, name), name);
      await run('put', name, '--name', name);
    }
    await run('rm', 'shown', '--yes');
    const command = `cd ${directory} && ${process.execPath} ${HS_PROGRAM} trash empty`;
    const terminal = Tmux.start(await tmp(), command, { columns: 100, rows: 24, environment: env });
    onTestFinished(() => terminal.close());
    expect(await terminal.until('[y/n]')).toContain('purge 1 artifact for good?');
    await run('rm', 'later', '--yes');
    terminal.keys('y', 'Enter');
    await terminal.until('status=0');
    expect((await run('restore', 'later')).status).toBe(0);
    expect((await run('cat-artifact', 'later')).stdout).toBe('later');
    expect((await run('restore', 'shown')).status).not.toBe(0);
  });
});
