import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { HS_PROGRAM, hs, hsEnvironment } from '../helpers/hs.js';
import { tmp } from '../helpers/tmp.js';

const why = spawnSync('script', ['--version']).status === 0 ? '' : ' (needs script)';

async function workspace() {
  const cwd = await tmp();
  await writeFile(`${cwd}/file`, 'x');
  await hs(['init'], { cwd });
  await hs(['put', 'file', '--name', 'thing'], { cwd });
  /** In a terminal of its own, with a pager that marks each line. */
  const onTerminal = async (words: string, more: Record<string, string | undefined> = {}) => {
    const env = await hsEnvironment({
      TERM: 'xterm',
      PAGER: "sed 's/^/P:/'",
      HS: HS_PROGRAM,
      NODE: process.execPath,
      ...more,
    });
    const line = `"$NODE" "$HS" ${words}`;
    const { stdout, status } = spawnSync('script', ['-qec', line, '/dev/null'], {
      cwd,
      env,
      encoding: 'utf8',
      input: '',
    });
    return { status, lines: stdout.split(/\r?\n/).filter((l) => l !== '') };
  };
  return { cwd, onTerminal };
}

const isPaged = (lines: readonly string[]) => lines.length > 0 && lines.every((line) => line.includes('P:'));

describe.skipIf(why !== '')(`a pager${why}`, () => {
  it.each([
    'ls',
    'pins; "$NODE" "$HS" ls',
    'log',
    'show thing',
    'diff thing thing --json || "$NODE" "$HS" log',
  ])('shows what is listed on a terminal (hs %s)', async (words) => {
    const { onTerminal } = await workspace();
    const { lines } = await onTerminal(words);
    expect(lines.filter((line) => !line.startsWith('{')).every((line) => line.includes('P:'))).toBe(true);
    expect(lines.length).toBeGreaterThan(0);
  });

  it('is HS_PAGER before PAGER, and none where that is empty or cat, for documents, or with --no-pager', async () => {
    const { onTerminal } = await workspace();
    expect((await onTerminal('ls', { HS_PAGER: "sed 's/^/H:/'" })).lines.every((l) => l.includes('H:'))).toBe(
      true,
    );
    expect(isPaged((await onTerminal('ls', { HS_PAGER: '' })).lines)).toBe(false);
    expect(isPaged((await onTerminal('ls', { HS_PAGER: 'cat' })).lines)).toBe(false);
    expect(isPaged((await onTerminal('ls --no-pager')).lines)).toBe(false);
    expect(isPaged((await onTerminal('ls --json')).lines)).toBe(false);
    expect(isPaged((await onTerminal('ls', { TERM: 'dumb' })).lines)).toBe(false);
    expect((await onTerminal('ls | cat')).lines.some((l) => l.includes('P:'))).toBe(false);
    expect((await onTerminal('init --help > /dev/null; true')).lines).toEqual([]);
  });

  it('has LESS=FRX, unless the reader has set it, and is that of the system, not of the project', async () => {
    const { cwd, onTerminal } = await workspace();
    const tell = 'env | grep ^LESS=; cat >/dev/null';
    expect((await onTerminal('ls', { PAGER: tell })).lines).toEqual(['LESS=FRX']);
    expect((await onTerminal('ls', { PAGER: tell, LESS: 'S' })).lines).toEqual(['LESS=S']);
    await mkdir(`${cwd}/bin`);
    await writeFile(`${cwd}/bin/sed`, '#!/bin/sh\necho planted\n', { mode: 0o755 });
    const { lines } = await onTerminal('ls', { PATH: `${cwd}/bin:${process.env.PATH}` });
    expect(isPaged(lines)).toBe(true);
  });

  it('that is left early ends the command quietly, and keeps its status', async () => {
    const { onTerminal } = await workspace();
    expect(await onTerminal('log', { PAGER: 'true' })).toEqual({ status: 0, lines: [] });
    expect(await onTerminal('show nothing', { PAGER: 'cat >/dev/null' })).toMatchObject({ status: 4 });
  });
});
