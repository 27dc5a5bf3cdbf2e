import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HS_PROGRAM, hs } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';
import { Tmux, tmuxIsHere } from './harness/tmux.js';

async function store() {
  const directory = await tmp();
  const env = { HOME: directory, XDG_STATE_HOME: join(directory, 'state'), HS_ACTOR: 'human:ada' };
  const run = (...args: string[]) => hs(args, { cwd: directory, env });
  writeFileSync(join(directory, 'f'), 'x'.repeat(2048));
  await run('init');
  for (const [name, ...more] of [['going'], ['held', '--pin', 'hold']]) {
    expect((await run('put', 'f', '--name', name!, ...more)).status).toBe(0);
  }
  const start = async (args: string) => {
    const command = `cd ${directory} && ${process.execPath} ${HS_PROGRAM} ${args}`;
    const terminal = Tmux.start(await tmp(), command, { columns: 100, rows: 24, environment: env });
    onTestFinished(() => terminal.close());
    return terminal;
  };
  return { run, start };
}

describe.skipIf(!tmuxIsHere)('hs rm in a terminal (needs tmux)', () => {
  it('shows what would be removed before asking, and accepts no', async () => {
    const { run, start } = await store();
    const terminal = await start('rm --quiet going held');
    const asked = await terminal.until('[y/n]');
    expect(asked).toMatch(
      /going +[0-9a-f]{8} +requested +2\.0 KiB[\s\S]*kept: 1 pinned\n[\s\S]*remove 1 artifact\?/,
    );
    terminal.keys('n', 'Enter');
    await terminal.until('status=1');
    expect((await run('ls')).stdout).toContain('going');
    const again = await start('rm going');
    await again.until('[y/n]');
    again.keys('yes', 'Enter');
    await again.until('status=0');
    expect((await run('ls')).stdout).not.toContain('going');
  });

  it('ends at once with Ctrl-C at its question', async () => {
    const { run, start } = await store();
    const terminal = await start('rm going');
    await terminal.until('[y/n]');
    terminal.keys('C-c');
    expect(await terminal.until('status=')).toContain('status=130');
    expect((await run('ls')).stdout).toContain('going');
  });

  it('does not ask when nothing can go', async () => {
    const { start } = await store();
    const screen = await (await start('rm held')).until('status=');
    expect(screen).toContain("cannot remove 'held': it is pinned by 'hold'");
    expect(screen).toContain('status=6');
    expect(screen).not.toContain('[y/n]');
  });
});
