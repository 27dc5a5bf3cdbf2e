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
    // Bytes that a live artifact has too, and bytes that no artifact ever named, are no reason to fail.
    writeFileSync(join(directory, 'same'), 'shown');
    await run('put', 'same', '--name', 'same');
    await run('rm', 'shown', '--yes');
    writeFileSync(join(directory, 'loose'), 'loose');
    const loose = (await run('hash-object', '-w', 'loose')).stdout.trim();
    await run('gc', '--yes');
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
    expect((await run('cat-artifact', 'same')).stdout).toBe('shown');
    expect((await run('cat-object', loose)).status).not.toBe(0);
  });
});
