import { setTimeout } from 'node:timers/promises';
import { removeSync } from 'fs-extra/esm';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { displayWidth } from '../../src/cli/text/width.js';
import { tmp } from '../helpers/tmp.js';
import { buildHarness } from './harness/build.js';
import { expectAsFound, Tmux, type TmuxOptions, tmuxIsHere } from './harness/tmux.js';

let program: string;

async function preview(args = '', options: Partial<TmuxOptions> = {}): Promise<Tmux> {
  const terminal = Tmux.start(await tmp(), `node ${program} ${args}`, { columns: 80, rows: 24, ...options });
  onTestFinished(() => terminal.close());
  await terminal.until('q quit');
  return terminal;
}

describe.skipIf(!tmuxIsHere)('the preview in a terminal (needs tmux)', () => {
  beforeAll(async () => {
    program = await buildHarness();
  });
  afterAll(() => removeSync(program));

  it('leaves the terminal as it was even when the process exits at once', async () => {
    const terminal = await preview();
    process.kill(terminal.childOf(), 'SIGUSR2');
    expect(await expectAsFound(terminal)).toContain('status=3');
  });

  it('drops the keys that come before its first picture, shows none of them, and obeys Ctrl-C', async () => {
    const terminal = Tmux.start(await tmp(), `node ${program} 200 1 3000`, { columns: 80, rows: 24 });
    onTestFinished(() => terminal.close());
    await terminal.until('hs gc: planning');
    terminal.keys('q', 'jjxx');
    const first = await terminal.until(/planning: [1-9]/);
    expect(first).not.toMatch(/[qjx]{2}/);
    expect(await terminal.until('q quit')).toContain('[Prune');
    terminal.keys('q');
    await expectAsFound(terminal);
    const other = Tmux.start(await tmp(), `node ${program} 200 1 60000`, { columns: 80, rows: 24 });
    onTestFinished(() => other.close());
    await other.until('hs gc: planning');
    other.keys('C-c');
    expect(await expectAsFound(other)).toContain('status=130');
  });

  it('stops between two steps when Ctrl-C comes while it removes', async () => {
    const terminal = await preview('2000 20');
    terminal.keys('a');
    await terminal.until('Type yes and Enter');
    terminal.keys('yes', 'Enter');
    await terminal.until('sweeping:');
    terminal.keys('C-c');
    expect(await expectAsFound(terminal)).toContain('status=130');
  });

  it('suspends with Ctrl-Z, and resumes with fg', async () => {
    const terminal = Tmux.start(await tmp(), 'PS1="shell> " bash --norc --noprofile -i', {
      columns: 80,
      rows: 24,
    });
    onTestFinished(() => terminal.close());
    await terminal.until('shell>');
    terminal.keys(`node ${program}`, 'Enter');
    await terminal.until('q quit');
    terminal.keys('C-z');
    expect(await terminal.until('Stopped')).not.toContain('q quit');
    expect(terminal.format('#{alternate_on} #{cursor_flag} #{wrap_flag}')).toBe('0 1 1');
    terminal.keys('echo $((40 + 2)) q', 'Enter');
    await terminal.until('\n42 q');
    terminal.keys('fg', 'Enter');
    expect(await terminal.until('q quit')).toContain('[Prune');
    terminal.keys('q');
    await terminal.until('left: nothing was removed');
    terminal.keys('exit', 'Enter');
    await expectAsFound(terminal);
  });

  it('ignores Ctrl-Z if nobody could resume it', async () => {
    const terminal = await preview();
    terminal.keys('C-z');
    // What comes while it is away is not for it.
    for (let i = 0; i < 3; i++) {
      await setTimeout(300);
      terminal.keys('q');
    }
    expect(await expectAsFound(terminal)).toContain('left: nothing was removed');
  });

  it('shows hostile names in columns that stay aligned', async () => {
    const terminal = await preview('hostile', { columns: 80, rows: 24 });
    const lines = (await terminal.until('[Prune 17]')).split('\n');
    const rows = lines.filter((l) => l.includes('window over 24h'));
    expect(rows).toHaveLength(17);
    // tmux gives an emoji selector no column of its own, string-width does: the columns hold all the same.
    const before = (row: string) => row.slice(0, row.indexOf('window over')).replace(/[\ufe0f\u20e3]/gu, '');
    const starts = rows.map((row) => displayWidth(before(row)));
    expect(new Set(starts)).toEqual(new Set([27]));
    terminal.keys('q');
    await expectAsFound(terminal);
  });

  it('works where CI is set, where there is no colour and where there is no Unicode', async () => {
    const terminal = await preview('', { environment: { CI: '1', NO_COLOR: '1', LANG: 'C' } });
    const screen = terminal.screen(true);
    expect(screen).toMatch(/^[\x20-\x7e\n]*$/);
    terminal.keys('j');
    await terminal.until(' >cache/wheels');
    terminal.keys('q');
    await expectAsFound(terminal);
  });
});
