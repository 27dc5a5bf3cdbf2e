import type { Writable } from 'node:stream';
import { systemProgram } from './system-programs.js';

export interface Pager {
  readonly input: Writable;
  /** Closes the input and waits until the user quits the pager. */
  close(): Promise<void>;
}

/** As git does: exit at once if everything fits on the screen, pass colours through and leave the screen as it is. */
const DEFAULTS = { LESS: 'FRX', LV: '-c' };

/**
 * Starts a pager for long output: `asked` if it is set, else `less`. Undefined when there is none, as for `cat` or an
 * empty `asked`. A program of the system takes precedence over one of that name in PATH, where a project may have put
 * its own.
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
      // The user may quit the pager before reading to the end.
      child.stdin.on('error', () => {});
      child.stdin.end();
      return over;
    },
  };
}
