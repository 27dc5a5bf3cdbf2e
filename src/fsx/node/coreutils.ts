import { lstatSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno } from '../../errors/hs-error.js';
import { errnoError } from '../errno.js';
import { systemProgram } from '../system-programs.js';

/** Messages of `mv` in the C locale, for the errors that callers distinguish. */
const SPOKEN: ReadonlyArray<readonly [words: string, code: string]> = [
  ['No such file or directory', 'ENOENT'],
  ['Permission denied', 'EACCES'],
  ['Operation not permitted', 'EPERM'],
  ['Read-only file system', 'EROFS'],
  ['No space left on device', 'ENOSPC'],
  ['Disk quota exceeded', 'EDQUOT'],
  ['Device or resource busy', 'EBUSY'],
];

/**
 * renameat2(RENAME_NOREPLACE) through `mv -nT`: neither Node nor fs-native-extensions has it. `mv -n` is silent and
 * exits with 0 when the destination exists, so the result is told by whether `from` is still there.
 */
export async function moveNoReplace(from: string, to: string): Promise<void> {
  const source = lstatSync(from);
  // Between filesystems mv would copy, which is not atomic.
  if (source.dev !== statSync(dirname(to)).dev) throw errnoError('EXDEV', 'rename', from, to);
  const { status, words } = await run('mv', ['-nT', '--', forChild(from), forChild(to)]);
  if (!isThere(from)) return;
  if (isThere(to)) throw errnoError('EEXIST', 'rename', from, to);
  if (status === 'missing') throw errnoError('ENOSYS', 'rename', from, to);
  throw errnoError(SPOKEN.find(([spoken]) => words.includes(spoken))?.[1] ?? 'EIO', 'rename', from, to);
}

/**
 * syncfs(2) through coreutils' `sync -f`. False when the program is missing or does not support `-f`; when it runs
 * and fails, nothing written can be trusted: EIO.
 */
export async function syncFilesystemOf(path: string): Promise<boolean> {
  const { status } = await run('sync', ['-f', '--', forChild(path)]);
  if (status === 0) return true;
  if (status === 'missing') return false;
  statSync(path);
  if (!(await run('sync', ['--version'])).words.includes('coreutils')) return false;
  throw errnoError('EIO', 'syncfs', path);
}

/** `/proc/self` is another process in the child; our process number refers to the same descriptors. */
function forChild(path: string): string {
  return path.replace(/^\/proc\/self\//, `/proc/${process.pid}/`);
}

function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (e) {
    if (isErrno(e, 'ENOENT')) return false;
    throw e;
  }
}

interface Outcome {
  readonly status: number | 'missing' | 'signal';
  /** Standard output and error. */
  readonly words: string;
}

async function run(name: string, args: readonly string[]): Promise<Outcome> {
  const program = systemProgram(name);
  if (program === undefined) return { status: 'missing', words: '' };
  // Loaded on demand: it costs 5 ms, which commands that start no program should not pay.
  const { spawn } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      // Ctrl-C is for hs, which exits once this is done: a killed sync would look like a failing disk.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    let words = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        if (words.length < 4096) words += text;
      });
    }
    child.on('error', (e) =>
      isErrno(e, 'ENOENT', 'EACCES') ? resolve({ status: 'missing', words }) : reject(e),
    );
    child.on('close', (code) => resolve({ status: code ?? 'signal', words }));
  });
}
