import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { makeTempDirectory, type TempDirectory } from './tmp.js';

export const HS_PROGRAM = fileURLToPath(new URL('../../bin/hs.js', import.meta.url));

export interface HsOptions {
  readonly cwd?: string;
  /** Set beside a clean environment; `undefined` takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string | Uint8Array;
}

export interface HsResult {
  /** The exit status; 128 + n for a signal. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as it came, where it is not text. */
  readonly bytes: Buffer;
}

let home: Promise<TempDirectory> | undefined;

/** An environment in which nothing of the machine's user is read or written. */
export async function hsEnvironment(extra: HsOptions['env'] = {}): Promise<Record<string, string>> {
  home ??= makeTempDirectory();
  const { path } = await home;
  const env = {
    PATH: process.env.PATH,
    HOME: path,
    XDG_STATE_HOME: `${path}/state`,
    XDG_CACHE_HOME: `${path}/cache`,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    HS_ACTOR: 'human:tester',
    ...extra,
  };
  return Object.fromEntries(Object.entries(env).filter((e): e is [string, string] => e[1] !== undefined));
}

/** Runs the built program as a script would: no terminal, own home. */
export async function hs(args: readonly string[], options: HsOptions = {}): Promise<HsResult> {
  const env = await hsEnvironment(options.env);
  const child = spawn(process.execPath, [HS_PROGRAM, ...args], { cwd: options.cwd, env, stdio: 'pipe' });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  // A program that does not read its input closes it early; that is its right.
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  const status = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve(code ?? (signal === 'SIGTERM' ? 143 : signal === 'SIGINT' ? 130 : 137)),
    );
  });
  const bytes = Buffer.concat(stdout);
  return { status, stdout: bytes.toString(), stderr: Buffer.concat(stderr).toString(), bytes };
}
