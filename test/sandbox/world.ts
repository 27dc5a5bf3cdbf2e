import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readdirSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { ensureDirSync, removeSync } from 'fs-extra/esm';
import { type BackendName, removeScratch, type SandboxResult } from '../../src/sandbox/sandbox.js';
import { AS_NOBODY, NOBODY, nodeForAll, ROOT, visibleParent } from '../helpers/ordinary-user.js';
import type { RunnerRequest } from './runner.js';

const here = dirname(fileURLToPath(import.meta.url));
/** Also in attacks.mjs. */
const LEAKED_FD = 30;

export interface User {
  readonly name: 'root' | 'an ordinary user';
  /** In front of a command, to run it as this user. */
  readonly prefix: readonly string[];
  readonly uid: number;
}

const me = process.getuid!();
export const USERS: readonly User[] =
  me === 0
    ? [
        { name: 'root', prefix: [], uid: 0 },
        { name: 'an ordinary user', prefix: AS_NOBODY, uid: NOBODY },
      ]
    : [{ name: 'an ordinary user', prefix: [], uid: me }];

/** The runner as one file in a directory that every user may read. */
export async function buildRunner(): Promise<{ program: string; remove(): void }> {
  const dir = mkdtempSync(join(tmpdir(), 'hs-runner-'));
  chmodSync(dir, 0o755);
  const program = join(dir, 'runner.mjs');
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['test/sandbox/runner.ts'],
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'error',
    plugins: [
      {
        // Its binary lies where another user may not look, and a sandbox takes no lock.
        name: 'without-natives',
        setup(b) {
          b.onResolve({ filter: /^fs-native-extensions$/ }, () => ({ path: 'none', namespace: 'none' }));
          b.onLoad({ filter: /.*/, namespace: 'none' }, () => ({ contents: 'export default {}' }));
        },
      },
    ],
    banner: {
      js: "import{createRequire as hsRequire}from'node:module';const require=hsRequire(import.meta.url);",
    },
  });
  return { program, remove: () => removeSync(dir) };
}

export interface World {
  readonly root: string;
  readonly project: string;
  readonly store: string;
  readonly capture: string;
  readonly scratch: string;
  readonly home: string;
  readonly elsewhere: string;
  remove(): void;
}

/** A project with a store in it, and paths around it, all of which the user may write. */
export function makeWorld(user: User, base: 'visible' | 'tmp'): World {
  const parent = base === 'tmp' ? tmpdir() : visibleParent();
  const root = mkdtempSync(join(parent, 'hs-world-'));
  chmodSync(root, 0o755);
  const world = {
    root,
    project: join(root, 'project'),
    store: join(root, 'project', '.hsstore'),
    capture: join(root, 'project', '.hsstore', 'tmp', 'out'),
    scratch: join(root, 'scratch'),
    home: join(root, 'home'),
    elsewhere: join(root, 'elsewhere'),
  };
  const dirs = ['project/sub', 'project/again', 'project/.hsstore/tmp/out', 'scratch', 'home', 'elsewhere'];
  for (const dir of dirs) ensureDirSync(join(root, dir));
  for (const name of ['changed', 'deleted', 'moved', 'chmodded', 'touched', 'opened']) {
    writeFileSync(join(world.project, name), `this is ${name}\n`);
  }
  for (const name of ['sub/deep', 'again/gone', 'again/back']) writeFileSync(join(world.project, name), name);
  writeFileSync(join(world.store, 'key'), 'secret\n');
  writeFileSync(join(world.elsewhere, 'file'), 'elsewhere\n');
  copyFileSync(join(here, 'attacks.mjs'), join(world.project, 'attacks.mjs'));
  chownTree(root, user.uid);
  return { ...world, remove: () => removeSync(root) };
}

function chownTree(dir: string, uid: number): void {
  if (me !== 0) return;
  chownSync(dir, uid, uid);
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) chownTree(path, uid);
    else chownSync(path, uid, uid);
  }
}

export type Outcome = SandboxResult & { stdout: string; stderr: string; error?: string; message?: string };

export interface Started {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

export function startRunner(
  program: string,
  user: User,
  world: World,
  request: Partial<RunnerRequest> & { command: readonly string[] },
  options: { env?: Record<string, string>; leakFrom?: string; stdin?: number } = {},
): Started {
  const whole: RunnerRequest = {
    projectDir: world.project,
    captureDir: world.capture,
    scratchDir: world.scratch,
    storeDir: world.store,
    home: world.home,
    ...request,
  };
  // High enough that Node does not mark it close-on-exec when it starts, as it does with low ones.
  const leak =
    options.leakFrom === undefined ? [] : new Array<'ignore' | number>(LEAKED_FD - 2).fill('ignore');
  if (options.leakFrom !== undefined) leak[LEAKED_FD - 3] = openSync(options.leakFrom, 'w', 0o666);
  const argv = [...user.prefix, nodeForAll(), program, JSON.stringify(whole)];
  const child = spawn(argv[0]!, argv.slice(1), {
    cwd: world.project,
    env: { PATH: process.env.PATH ?? '', HOME: world.home, ...options.env },
    stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe', ...leak],
  });
  for (const fd of leak) if (typeof fd === 'number') closeSync(fd);
  let stdout = '';
  let stderr = '';
  child.stdout!.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => {
      try {
        resolve(JSON.parse(stdout) as Outcome);
      } catch {
        reject(new Error(`the runner said: ${stdout}${stderr}`));
      }
    });
  });
  return { child, outcome };
}

export interface Variant {
  readonly title: string;
  readonly backend: BackendName;
  readonly without?: readonly string[];
  readonly namespaces?: boolean;
}

export const VARIANTS: readonly Variant[] = [
  { title: 'bubblewrap-overlay', backend: 'bubblewrap-overlay' },
  { title: 'bubblewrap', backend: 'bubblewrap' },
  { title: 'landlock in perl, with namespaces', backend: 'landlock' },
  { title: 'landlock in perl, without namespaces', backend: 'landlock', namespaces: false },
  { title: 'landlock in python', backend: 'landlock', without: ['perl'] },
  { title: 'sandbox-exec', backend: 'sandbox-exec' },
  { title: 'none', backend: 'none' },
];

/** Why a backend cannot run here, or `undefined`: its own words. */
export async function whyNot(
  program: string,
  user: User,
  how: Omit<Variant, 'title'>,
): Promise<string | undefined> {
  const world = makeWorld(user, 'visible');
  try {
    return (await startRunner(program, user, world, { ...how, command: ['true'] }).outcome).message;
  } catch (e) {
    return `the runner cannot start: ${(e as Error).message.trim().split('\n').at(-1)}`;
  } finally {
    await removeScratch(world.root);
  }
}
