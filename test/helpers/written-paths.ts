import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { removeSync } from 'fs-extra/esm';
import { HS_PROGRAM } from './hs.js';

/** Every system call by which a file, a name or an attribute is made, changed or removed. */
const CALLS =
  'open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,' +
  'unlink,unlinkat,rmdir,truncate,chmod,fchmodat,chown,lchown,fchownat,utimensat,utime,setxattr,execve,close';
const READ_ONLY = /\bO_RDONLY\b/;
const MAKES = /\bO_(?:CREAT|TRUNC|TMPFILE)\b/;

export const hasStrace = spawnSync('strace', ['--version']).status === 0;

export interface Traced {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Absolute paths that the command, or a program it started, wrote to or tried to. */
  readonly written: string[];
}

/** Runs hs under a system-call trace. Paths through `/proc/self/fd/N` are those of the open directory. */
export function tracedHs(
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv; stdin?: string },
): Traced {
  const log = join(tmpdir(), `hs-trace-${process.pid}-${Math.random().toString(16).slice(2)}`);
  const strace = ['-f', '-qq', '-s', '4096', '-o', log, '-e', `trace=${CALLS}`, '-e', 'signal=none'];
  try {
    const { status, stdout, stderr } = spawnSync(
      'strace',
      [...strace, process.execPath, HS_PROGRAM, ...args],
      {
        ...options,
        input: options.stdin ?? '',
        encoding: 'utf8',
      },
    );
    return { status, stdout, stderr, written: writtenPaths(readFileSync(log, 'utf8'), options.cwd) };
  } finally {
    removeSync(log);
  }
}

/** The paths of a trace that were written to. */
function writtenPaths(trace: string, cwd: string): string[] {
  const open = new Map<string, string>();
  const written = new Set<string>();
  const started = new Set<string>();
  const resolve = (path: string): string => {
    const through = /^\/proc\/(?:self|\d+)\/fd\/(\d+)(.*)$/s.exec(path);
    if (through !== null) return (open.get(through[1]!) ?? `/proc/unknown/${through[1]}`) + through[2];
    return normalize(path.startsWith('/') ? path : `${cwd}/${path}`);
  };
  for (const line of calls(trace)) {
    const [, pid, name, rest] = /^(\d+)\s+(\w+)\((.*)$/s.exec(line) ?? [];
    if (pid === undefined || name === undefined || rest === undefined) continue;
    if (name === 'execve' && open.size > 0) started.add(pid);
    const paths = [...rest.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((m) => resolve(unescapeText(m[1]!)));
    if (/^(?:open|openat|openat2|creat)$/.test(name)) {
      const reads = READ_ONLY.test(rest) && !MAKES.test(rest);
      if (!reads) written.add(paths[0]!);
      // A program that was started has descriptors of its own, under the same numbers.
      const fd = / = (\d+)$/.exec(rest)?.[1];
      if (fd !== undefined && !started.has(pid)) open.set(fd, paths[0]!);
    } else if (name !== 'execve' && name !== 'close') for (const path of paths) written.add(path);
  }
  return [...written].sort();
}

/** Joins what strace split when another thread was faster. */
function calls(trace: string): string[] {
  const waiting = new Map<string, string>();
  const whole: string[] = [];
  for (const line of trace.split('\n')) {
    const [, pid, text] = /^(\d+)\s+(.*)$/s.exec(line) ?? [];
    if (pid === undefined || text === undefined) continue;
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/s.exec(text)?.[1];
    if (resumed !== undefined) whole.push(`${waiting.get(pid) ?? ''}${resumed}`);
    else if (text.endsWith('<unfinished ...>'))
      waiting.set(pid, `${pid} ${text.slice(0, -'<unfinished ...>'.length)}`);
    else whole.push(`${pid} ${text}`);
  }
  return whole;
}

/** C escapes as strace writes them; octal and hex stand for bytes. */
function unescapeText(text: string): string {
  const bytes = text.replace(/\\(x[0-9a-f]{2}|[0-7]{1,3}|.)/g, (_, code: string) => {
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    if (code[0] === 'x') return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' }[code] ?? code;
  });
  return Buffer.from(bytes, 'latin1').toString();
}
