import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copySync } from 'fs-extra/esm';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { HS_PROGRAM, hs } from '../helpers/hs.js';
import { makeTempDirectory, type TempDirectory, tmp } from '../helpers/tmp.js';
import { expectAsFound, Tmux, tmuxIsHere } from './harness/tmux.js';

/** Control characters are refused when a name is given; these are not. */
const HOSTILE = 'bidi\u202egpj\u2066.\u200bexe 日本語';
/** Later than every window of the default policy. */
const LATER = '2099-01-01T00:00:00.000Z';

let template: TempDirectory;

function environment(directory: string): Record<string, string> {
  return { HOME: directory, XDG_STATE_HOME: join(directory, 'state'), HS_ACTOR: 'human:ada' };
}

async function run(directory: string, ...args: string[]) {
  return hs(args, { cwd: directory, env: environment(directory) });
}

/** Ten artifacts: five versions of a report, of which two go, and five of other kinds. */
async function makeStore(directory: string): Promise<void> {
  const put = async (name: string, size: number, ...options: string[]) => {
    const file = join(directory, 'file');
    writeFileSync(file, name.padEnd(size, name));
    const { status, stderr } = await run(directory, 'put', file, '--name', name, ...options);
    expect(stderr).toBe('');
    expect(status).toBe(0);
  };
  expect((await run(directory, 'init', '--allow-set-clock')).status).toBe(0);
  for (const n of [1, 2, 3, 4, 5]) await put('nightly', 3000 * n + n, '--kind', 'report');
  await put('prompt', 500, '--kind', 'prompt_payload', '--ttl', '30');
  await put(HOSTILE, 2500, '--layer', 'L4');
  await put('scratch', 800_000, '--layer', 'L4');
  await put('release', 9000, '--pin', 'v1');
  await put('model', 40_000);
}

async function preview(
  options = `--now ${LATER}`,
  columns = 80,
  before: (directory: string) => Promise<void> = async () => {},
): Promise<{ terminal: Tmux; directory: string }> {
  const directory = await tmp();
  copySync(template.path, directory);
  await before(directory);
  const command = `cd ${directory} && ${process.execPath} ${HS_PROGRAM} gc ${options}`;
  const terminal = Tmux.start(await tmp(), command, {
    columns,
    rows: 24,
    environment: environment(directory),
  });
  onTestFinished(() => terminal.close());
  await terminal.until('q quit');
  return { terminal, directory };
}

describe.skipIf(!tmuxIsHere)('hs gc in a terminal (needs tmux)', () => {
  beforeAll(async () => {
    template = await makeTempDirectory();
    await makeStore(template.path);
  }, 60_000);
  afterAll(() => template?.remove());

  it('shows what would be removed, filters, sorts, groups and shows details; removes nothing on quit', async () => {
    const { terminal, directory } = await preview();
    const list = await terminal.until('[Prune 5]');
    expect(list).toContain('Keep 5');
    expect(list).toMatch(/❯scratch +L4 hours over/);
    terminal.keys('/', 'nightly');
    await terminal.until('scratch', true);
    terminal.keys('Enter', 'Escape', '1');
    await terminal.until(/NAME↑[^\n]*\n[^\n]*bidi/);
    terminal.keys('b');
    await terminal.until('window over');
    terminal.keys('b', 'b', 'b', 'Tab', '/', 'release', 'Enter', 'Enter');
    const detail = await terminal.until('Manifest');
    expect(detail).toContain("kept: pinned as 'v1'");
    expect(detail).toContain('by human:ada');
    terminal.keys('Escape', 'q');
    const screen = await expectAsFound(terminal);
    expect(screen).toContain('nothing was removed');
    expect(screen).toContain('status=0');
    expect((await run(directory, 'ls')).stdout.split('\n')).toHaveLength(12);
  });

  it('says what the plan was narrowed to, and what was made from an artifact', async () => {
    const { terminal } = await preview(`--now ${LATER} --filter name=nightly`, 100, async (directory) => {
      const file = join(directory, 'file');
      await run(directory, 'put', file, '--name', 'gone', '--source', 'model');
      await run(directory, 'rm', 'gone', '--yes');
      await run(directory, 'put', file, '--name', 'made', '--source', 'model');
    });
    const list = await terminal.until('[Prune 2]');
    expect(list).toContain('only name=nightly');
    terminal.keys('Tab', '/', 'model', 'Enter', 'Enter');
    const detail = await terminal.until('Manifest');
    expect(detail).toMatch(/made from it +made/);
    expect(detail).not.toMatch(/made from it +gone/);
  });

  it('pins, spares, asks and removes; the command in the report restores', async () => {
    const { terminal, directory } = await preview();
    terminal.keys('p');
    await terminal.until('pin as: ada');
    terminal.keys('Enter');
    await terminal.until('reason');
    terminal.keys('still in use', 'Enter');
    await terminal.until('1 artifact fewer would be removed');
    expect((await run(directory, 'pins')).stdout).toContain('still in use');
    terminal.keys('Space');
    await terminal.until('1 spared');
    terminal.keys('a');
    const question = await terminal.until('Type yes and Enter');
    expect(question).toContain('Remove 3 artifacts');
    expect(question).toContain('1 artifact, 500 B, CANNOT be brought back');
    terminal.keys('yes', 'Enter');
    await terminal.until('Removed 3 artifacts');
    terminal.keys('q');
    const screen = await expectAsFound(terminal);
    const restore = /hs (restore --run [0-9a-f]{8})/.exec(screen)?.[1]?.split(' ');
    expect(restore).toBeDefined();
    const back = await run(directory, ...restore!);
    // The prompt had no trash window: two of three come back, which is exit 3.
    expect(back.status).toBe(3);
    expect((await run(directory, 'ls')).stdout).toContain('nightly');
  });

  it('empties the trash even if nothing would be removed, showing its contents', async () => {
    const { terminal, directory } = await preview('--empty-trash', 80, async (store) => {
      expect((await run(store, 'rm', 'model', '--yes')).status).toBe(0);
    });
    const list = await terminal.until('[Trash 1]');
    expect(list).toMatch(/!❯model +in the trash/);
    terminal.keys('a');
    await terminal.until('Empty the trash?');
    terminal.keys('yes', 'Enter');
    await terminal.until('of the trash CANNOT be brought back');
    terminal.keys('q');
    const screen = await expectAsFound(terminal);
    expect(screen).toMatch(/1 artifact removed before cannot be brought back: mo/);
    expect((await run(directory, 'restore', 'model')).status).toBe(5);
  });

  it('empties what stays in a large pack with the trash, and says how much', async () => {
    const { terminal } = await preview('--empty-trash', 80, async (store) => {
      // More than the 4 MiB that make a pack a large one.
      mkdirSync(join(store, 'parts'));
      for (let i = 10; i < 90; i++)
        writeFileSync(join(store, 'parts', `${i}`), randomBytes(30_000).toString('hex'));
      expect((await run(store, 'put', '--each', 'parts', '--name', 'parts')).status).toBe(0);
      const { status, stdout } = await run(store, 'rm', 'parts/10', '--yes');
      expect([status, stdout.includes('2 objects (59 KiB) unused stay')]).toEqual([0, true]);
    });
    expect(await terminal.until('[Trash 1]')).toContain('Would free 59 KiB at once');
    terminal.keys('a');
    await terminal.until('Empty the trash?');
    terminal.keys('yes', 'Enter');
    await terminal.until('Purged 59 KiB in all');
    terminal.keys('q');
    await expectAsFound(terminal);
  });

  it('lets no name steer the terminal', async () => {
    const { terminal } = await preview();
    const screen = terminal.screen();
    expect(screen).toMatch(/bidi\\u\{202e.*日本語 L4 hours over/);
    expect(screen).not.toMatch(/\p{Cf}/u);
    terminal.keys('q');
    await expectAsFound(terminal);
  });

  it('follows the size of the terminal, down to one that is too small', async () => {
    const { terminal } = await preview();
    terminal.resize(40, 12);
    expect(await terminal.until(/NAME 1 +REASON 2 +SIZE↓\n/)).not.toContain('KIND');
    terminal.resize(20, 12);
    await terminal.until('The terminal is 20');
    terminal.resize(120, 30);
    await terminal.until('ID');
    terminal.keys('q');
    await expectAsFound(terminal);
  });

  it.each([
    ['Ctrl-C', 130],
    ['SIGTERM', 143],
  ])('ends on %s with %i and nothing removed', async (how, status) => {
    const { terminal, directory } = await preview();
    if (how === 'Ctrl-C') terminal.keys('C-c');
    else process.kill(terminal.childOf(), 'SIGTERM');
    expect(await expectAsFound(terminal)).toContain(`status=${status}`);
    expect((await run(directory, 'ls')).stdout.split('\n')).toHaveLength(12);
  });

  it.each([
    ['on a dumb terminal', 'TERM=dumb', ''],
    ['where only stdout is a terminal', '', '< /dev/null'],
  ])('prints the plan instead %s, and removes nothing', async (_, before, behind) => {
    const directory = await tmp();
    copySync(template.path, directory);
    const command = `cd ${directory} && ${before} ${process.execPath} ${HS_PROGRAM} gc --now ${LATER} ${behind}`;
    const terminal = Tmux.start(await tmp(), command, {
      columns: 100,
      rows: 24,
      environment: environment(directory),
    });
    onTestFinished(() => terminal.close());
    const screen = await terminal.until('status=');
    expect(screen).toContain('5 artifacts of 10 would be removed');
    expect(screen).toContain('status=2');
  });
});
