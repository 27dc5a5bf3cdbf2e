import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { yieldingDisk } from '../../src/fsx/yielding-disk.js';
import { HS_PROGRAM, hs, hsEnvironment } from '../helpers/hs.js';
import { inside } from '../helpers/inside.js';
import { makeTempDirectory, type TempDirectory } from '../helpers/tmp.js';
import { interceptDisk } from '../sim/intercept-disk.js';

/** More than a pipe holds: once it is written, somebody reads. */
const MUCH = 300_000;
const BLANK_LINES = Buffer.alloc(MUCH, '\n');
const LONG_LINES = Buffer.from(`${'x'.repeat(999)}\n`.repeat(MUCH / 1000));
const SPACES = Buffer.alloc(MUCH, ' ');

const WAITING: Readonly<Record<string, { argv: readonly string[]; input: Buffer | 'bundle' }>> = {
  'put -': { argv: ['put', '-'], input: BLANK_LINES },
  'put --stdin-paths': { argv: ['put', '--stdin-paths'], input: BLANK_LINES },
  'hash-object --stdin': { argv: ['hash-object', '--stdin'], input: BLANK_LINES },
  'hash-object -w --stdin': { argv: ['hash-object', '-w', '--stdin'], input: BLANK_LINES },
  'hash-object --stdin-paths': { argv: ['hash-object', '--stdin-paths'], input: BLANK_LINES },
  'hash-object -w --stdin-paths': { argv: ['hash-object', '-w', '--stdin-paths'], input: BLANK_LINES },
  'write-index --stdin': { argv: ['write-index', '--stdin'], input: BLANK_LINES },
  'write-manifest --stdin': { argv: ['write-manifest', '--stdin'], input: SPACES },
  'check-manifest -': { argv: ['check-manifest', '-'], input: SPACES },
  'cat-artifact --batch': { argv: ['cat-artifact', '--batch'], input: LONG_LINES },
  'cat-artifact --batch-check': { argv: ['cat-artifact', '--batch-check'], input: LONG_LINES },
  'update-pin --stdin': { argv: ['update-pin', '--stdin'], input: BLANK_LINES },
  'import -': { argv: ['import', '-'], input: 'bundle' },
  'bundle ls -': { argv: ['bundle', 'ls', '-'], input: 'bundle' },
  'bundle verify -': { argv: ['bundle', 'verify', '-'], input: 'bundle' },
};

/** Every file below a directory but the catalog, which may be made anew at any time. */
async function filesOf(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((e) => !e.isDirectory() && !e.parentPath.endsWith('/cache'))
    .map((e) => `${e.parentPath}/${e.name}`)
    .sort();
}

const ended = (child: ChildProcess) =>
  new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.on('close', (code, signal) => resolve(code ?? signal)),
  );

describe('a signal while standard input waits', () => {
  let home: TempDirectory;
  let bundle: Buffer;

  beforeAll(async () => {
    home = await makeTempDirectory();
    const run = (...argv: string[]) => hs(argv, { cwd: home.path });
    await run('init');
    await writeFile(`${home.path}/large`, Buffer.alloc(2 * MUCH, 'x'));
    await run('put', 'large', '--name', 'large');
    await run('bundle', 'create', 'large', '--name', 'bundle');
    await run('export', 'bundle', 'bundle.tar', '--format', 'tar');
    bundle = await readFile(`${home.path}/bundle.tar`);
    expect(bundle.length).toBeGreaterThan(MUCH);
  }, 60_000);
  afterAll(() => home.remove());

  it.each(
    Object.entries(WAITING).flatMap(([name, { argv, input }]) =>
      (
        [
          ['SIGINT', 130],
          ['SIGTERM', 143],
        ] as const
      ).map(([signal, status]) => [name, signal, status, argv, input] as const),
    ),
  )('ends %s at the first %s with %d, and nothing is stored', async (_, signal, status, argv, input) => {
    const before = await filesOf(`${home.path}/.hsstore`);
    const child = spawn(process.execPath, [HS_PROGRAM, ...argv], {
      cwd: home.path,
      env: await hsEnvironment(),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.on('error', () => undefined);
    child.stdout.resume();
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    const end = ended(child);
    const begun = input === 'bundle' ? bundle.subarray(0, MUCH) : input;
    await new Promise((resolve) => child.stdin.write(begun, resolve));
    child.kill(signal);
    expect([await end, said]).toEqual([
      status,
      expect.stringContaining(signal === 'SIGINT' ? 'interrupted' : 'ended by'),
    ]);
    expect(await filesOf(`${home.path}/.hsstore`)).toEqual(before);
  });
});

/** Each goes through many files without waiting for anything else. */
const LONG: readonly (readonly string[])[] = [
  ['fsck'],
  ['ledger', 'verify'],
  ['ledger', 'cat'],
  ['log', '--jsonl'],
  ['du'],
  ['gc', '--dry-run'],
  ['gc', '--yes'],
  ['plan-prune'],
  ['count-objects'],
  ['bundle', 'create', 'tree'],
  ['bundle', 'verify', 'bundle'],
  ['import', 'bundle'],
  ['export', 'tree', 'out'],
  ['materialize', 'tree', 'out'],
  ['promote', 'tree'],
  ['put', 'tree'],
  ['hash-object', '--directory', 'tree'],
  ['hash-object', '-w', '--directory', 'tree'],
  ['write-index', 'tree'],
];
const FILES = 150;
const BUSY_MS = 1;
const INTERRUPT_AT = 30;

describe('a signal during a long computation', () => {
  let home: TempDirectory;

  beforeAll(async () => {
    home = await makeTempDirectory();
    const run = inside(home.path);
    await run(['init']);
    await mkdir(`${home.path}/tree`);
    for (let i = 0; i < FILES; i++) await writeFile(`${home.path}/tree/${i}`, `file ${i}`.padEnd(70_000));
    await run(['put', `${home.path}/tree`, '--name', 'tree']);
    await run(['bundle', 'create', 'tree', '--name', 'bundle']);
    await run(['export', 'bundle', `${home.path}/bundle`]);
    for (let i = 0; i < FILES; i++) await run(['pin', 'tree', '--name', `p${i}`]);
  }, 120_000);
  afterAll(() => home.remove());

  it.each(LONG.map((argv) => [argv.join(' '), argv] as const))('ends %s with 130', async (_, argv) => {
    let count = 0;
    let wasSent = false;
    let abandonedWith: number | undefined;
    let send = (_: 'SIGINT') => {};
    // Nothing but turns of the event loop lets the timer through, as it does a signal.
    const busy = interceptDisk(nodeDisk(), () => {
      const begun = performance.now();
      while (performance.now() - begun < BUSY_MS);
      if (++count !== INTERRUPT_AT) return;
      setTimeout(() => {
        wasSent = true;
        send('SIGINT');
      });
    });
    const { status } = await inside(home.path)(argv, {
      disk: yieldingDisk(busy),
      onStart: (handler) => {
        send = handler;
      },
      onAbandon: (code) => {
        abandonedWith = code;
      },
    });
    expect({ wasSent, status: abandonedWith ?? status }).toEqual({ wasSent: true, status: 130 });
  });
});
