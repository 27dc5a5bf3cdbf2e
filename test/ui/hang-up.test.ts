import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HS_PROGRAM, hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';
import { Tmux, tmuxIsHere } from './harness/tmux.js';

describe.skipIf(!tmuxIsHere)('a terminal that is closed (needs tmux)', () => {
  it.each([
    ['rm going', '[y/n]'],
    ['gc', 'going'],
    ['log --follow', 'going'],
    ['run --sandbox none -- sh -c "echo up; sleep 1; echo x"', 'up'],
  ])('ends hs %s as a hang-up does, without a crash', async (args, shown) => {
    const directory = await tmp();
    const env = { HOME: directory, XDG_STATE_HOME: join(directory, 'state'), HS_ACTOR: 'human:ada' };
    writeFileSync(join(directory, 'f'), 'x');
    await hs(['init'], { cwd: directory, env });
    const { policy } = JSON.parse((await hs(['policy', 'show', '--json'], { cwd: directory, env })).stdout);
    policy.retention.classes.cache = { window_days: 0, floor: 0 };
    writeFileSync(join(directory, 'policy'), JSON.stringify(policy));
    await hs(['policy', 'set', 'policy'], { cwd: directory, env });
    expect(
      (await hs(['put', 'f', '--name', 'going', '--class', 'cache'], { cwd: directory, env })).status,
    ).toBe(0);
    const status = join(directory, 'status');
    // The shell does not hand the hang-up on, so that hs finds the terminal gone.
    const script = `cd ${directory}; trap '' HUP; ${process.execPath} ${HS_PROGRAM} ${args}; echo $? >${status}`;
    const terminal = Tmux.start(await tmp(), script, { columns: 100, rows: 24, environment: env });
    onTestFinished(() => terminal.close());
    await terminal.until(shown);
    terminal.close();
    for (let i = 0; i < 400 && !(existsSync(status) && readFileSync(status, 'utf8') !== ''); i++)
      await wait(25);
    expect(readFileSync(status, 'utf8')).toBe('129\n');
  });
});
