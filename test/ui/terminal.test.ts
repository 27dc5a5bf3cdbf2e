import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { width } from '../../src/ui/text.js';
import { tmp } from '../helpers/tmp.js';
import { buildHarness } from './harness/build.js';
import { Tmux, type TmuxOptions, tmuxIsHere } from './harness/tmux.js';

let program: string;

async function preview(args = '', options: Partial<TmuxOptions> = {}): Promise<Tmux> {
  const terminal = Tmux.start(await tmp(), `node ${program} ${args}`, { columns: 80, rows: 24, ...options });
  onTestFinished(() => terminal.close());
  await terminal.until('q quit');
  return terminal;
}

/** Nothing of the preview is left: settings, screen, cursor and wrapping are as they were. */
async function expectAsFound(terminal: Tmux): Promise<string> {
  const { before, after } = await terminal.settings();
  expect(after).toBe(before);
  const screen = terminal.screen();
  expect(screen).toMatch(/^before the program\n/);
  expect(screen).not.toContain('NAME');
  expect(terminal.format('#{alternate_on} #{cursor_flag} #{wrap_flag}')).toBe('0 1 1');
  return screen;
}

describe.skipIf(!tmuxIsHere)('the preview in a terminal (needs tmux)', () => {
  beforeAll(async () => {
    program = await buildHarness();
  });
  afterAll(() => rmSync(program, { force: true }));

  it('opens, filters, sorts and quits', async () => {
    const terminal = await preview();
    expect(await terminal.until('[Prune 5]')).toContain('train-run/che…nt.bin');
    terminal.keys('/');
    terminal.keys('nightly');
    await terminal.until('cache/wheels', true);
    terminal.keys('Escape');
    await terminal.until('cache/wheels');
    terminal.keys('1');
    await terminal.until(/NAME↑[^\n]*\n[^\n]*cache\/wheels/);
    terminal.keys('q');
    expect(await expectAsFound(terminal)).toContain('left: nothing was removed\nstatus=0');
  });

  it('pins an item with the plan made again, spares another, and removes the rest', async () => {
    const terminal = await preview();
    terminal.keys('p');
    await terminal.until('pin under the name: keep');
    terminal.keys('Enter');
    await terminal.until('reason');
    terminal.keys('shipped', 'Enter');
    await terminal.until('1 artifact fewer would go');
    terminal.keys('Space');
    await terminal.until('1 spared');
    terminal.keys('a');
    const question = await terminal.until('Type yes and Enter');
    expect(question).toContain('hs restore --run');
    expect(question).toContain('1 artifact, 9.0 KiB, CANNOT be brought back');
    terminal.keys('yes', 'Enter');
    await terminal.until('Removed 3 artifacts');
    terminal.keys('q');
    expect(await expectAsFound(terminal)).toContain('hs restore --run 00001000-');
  });

  it('follows the size of the terminal', async () => {
    const terminal = await preview();
    terminal.resize(40, 12);
    expect(await terminal.until('NAME 1          REASON 2         SIZE↓')).not.toContain('KIND');
    terminal.resize(20, 12);
    await terminal.until('This terminal is 20');
    terminal.resize(100, 30);
    expect((await terminal.until('KIND')).split('\n').length).toBeGreaterThan(29);
    terminal.keys('q');
    await expectAsFound(terminal);
  });

  it('ends on Ctrl-C with 130 and the terminal as it was', async () => {
    const terminal = await preview();
    terminal.keys('C-c');
    expect(await expectAsFound(terminal)).toContain(
      'ended: INTERRUPTED: interrupted: nothing was removed\nstatus=130',
    );
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGUSR2, on which it exits at once', 3],
  ])('ends on %s with the terminal as it was', async (signal, status) => {
    const terminal = await preview();
    process.kill(terminal.childOf(), signal.split(',')[0] as NodeJS.Signals);
    expect(await expectAsFound(terminal)).toContain(`status=${status}`);
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

  it('shows hostile names in columns that stay aligned', async () => {
    const terminal = await preview('hostile', { columns: 80, rows: 24 });
    const lines = (await terminal.until('[Prune 17]')).split('\n');
    const rows = lines.filter((l) => l.includes('window over 24h'));
    expect(rows).toHaveLength(17);
    // tmux gives an emoji selector no column of its own, string-width does: the columns hold all the same.
    const before = (row: string) => row.slice(0, row.indexOf('window over')).replace(/[\ufe0f\u20e3]/gu, '');
    const starts = rows.map((row) => width(before(row)));
    expect(new Set(starts)).toEqual(new Set([23]));
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
