import { readFileSync, statSync } from 'node:fs';
import { HsError, isErrno } from '../errors/hs-error.js';

/** Node's replacement for bytes that are not UTF-8; a path that contains it may not be the one given (B4). */
const REPLACED = '\ufffd';

/** The bytes the kernel was given; empty without /proc. */
function given(file: 'cmdline' | 'environ'): Buffer {
  try {
    return readFileSync(`/proc/self/${file}`);
  } catch (e) {
    if (!isErrno(e)) throw e;
    return Buffer.alloc(0);
  }
}

/** USAGE when an argument is not UTF-8. `argv` is the tail of the command line. */
export function demandArguments(argv: readonly string[]): void {
  const bad = argv.find((arg) => arg.includes(REPLACED));
  if (bad === undefined) return;
  const typed = Buffer.from(argv.map((arg) => `${arg}\0`).join(''));
  if (given('cmdline').subarray(-typed.length).equals(typed)) return;
  throw new HsError('USAGE', `the argument '${bad}' is not UTF-8`, {
    hint: 'hs accepts only UTF-8',
  });
}

/** The value of an environment variable; USAGE when it is not UTF-8. */
export function demandVariable(name: string, value: string | undefined): string | undefined {
  if (!value?.includes(REPLACED)) return value;
  const list = Buffer.concat([Buffer.from('\0'), given('environ')]);
  if (list.includes(`\0${name}=${value}\0`)) return value;
  throw new HsError('USAGE', `the environment variable ${name} is not UTF-8`);
}

/** The current directory; UNSAFE_PATH when its name is not UTF-8, since the text then names another one. */
export function demandDirectory(cwd: string): string {
  if (!cwd.includes(REPLACED)) return cwd;
  const [here, there] = ['.', cwd].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }));
  if (here !== undefined && here.dev === there?.dev && here.ino === there.ino) return cwd;
  throw new HsError('UNSAFE_PATH', `the name of the current directory '${cwd}' is not UTF-8`, {
    hint: 'rename it, or change to another directory',
  });
}
