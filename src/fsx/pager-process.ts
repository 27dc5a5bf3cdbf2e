import type { Writable } from 'node:stream';
import { systemProgram } from './system-programs.js';

export interface Pager {
  readonly input: Writable;
  /** Ends the input, and waits until the reader has left the pager. */
  close(): Promise<void>;
}

/** As git: it ends at once where all fits on the screen, lets colours through and leaves the screen as it is. */
const DEFAULTS = { LESS: 'FRX', LV: '-c' };

/**
 * Starts what a person reads long output with, `less` unless `asked` is another command line, or undefined
 * where there is none, as with `cat` or an empty one. A program of the system goes before one of that name
 * in PATH, where a project may have put its own.
 */
export async function startPager(
  asked: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Pager | undefined> {
  const [, word = '', rest = ''] = /^(\S*)(.*)$/s.exec((asked ?? 'less').trim()) ?? [];
  const [shell, program] = [systemProgram('sh'), systemProgram(word)];
  if (word === '' || word === 'cat' || shell === undefined) return undefined;
  if (asked === undefined && program === undefined) return undefined;
  const { spawn } = await import('node:child_process');
  const child = spawn(shell, ['-c', `${program ?? word}${rest}`], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...DEFAULTS, ...env },
  });
  const over = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('close', () => resolve());
  });
  return {
    input: child.stdin,
    close: () => {
      // A pager that was left early does not read to the end; that is its reader's right.
      child.stdin.on('error', () => {});
      child.stdin.end();
      return over;
    },
  };
}
