import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { removeSync } from 'fs-extra/esm';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { documentSchema } from '../../src/cli/schemas/document.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { systemEnvironment, systemRandom } from '../../src/fsx/system-effects.js';
import { sandboxReport } from '../../src/ops/run/sandbox-report.js';
import { HS_PROGRAM, hs, hsEnvironment } from '../helpers/hs.js';
import { because, hsAsNobody, NOBODY, whyNotNobody } from '../helpers/ordinary-user.js';
import { tmp } from '../helpers/tmp.js';

let dir: string;
let scratch: string;

beforeEach(async () => {
  dir = await tmp();
  scratch = await tmp();
  await hs(['init'], { cwd: dir });
});

const run = (args: string[], more: { stdin?: string } = {}) =>
  hs(['run', ...args], { cwd: dir, env: { TMPDIR: scratch }, ...more });

/** `hs run` on a shell script, by a process of its own that can be signalled. */
async function start(
  args: string[],
  stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'pipe'],
): Promise<ChildProcess> {
  const env = await hsEnvironment({ TMPDIR: scratch });
  return spawn(process.execPath, [HS_PROGRAM, 'run', ...args], { cwd: dir, env, stdio });
}

function printed(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve) => {
    child.stdout!.on('data', (chunk: Buffer) => chunk.includes(word) && resolve());
  });
}

function ended(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
}

function leftovers(): string[] {
  const store = `${dir}/.hsstore`;
  return [...readdirSync(`${store}/tmp`), ...readdirSync(`${store}/leases`), ...readdirSync(scratch)];
}

/** Skipped by name where nothing can be enforced. */
const offered = await sandboxReport(nodeDisk(), systemEnvironment(), systemRandom());
const hasBubblewrap = offered.some((b) => b.name === 'bubblewrap' && b.available);
const offers = offered.some(({ available, level }) => available && /^(enforced|isolated)/.test(level));

describe.skipIf(!offers)('hs run (needs a sandbox that enforces)', () => {
  it('passes on the output of the tool unchanged, and reports what it stored on standard error', async () => {
    const result = await run([
      '--name',
      'out',
      '--',
      'sh',
      '-c',
      "printf 'a\\377\\033[31m\\r\\0b'; echo e >&2; echo x >$HS_OUT/x",
    ]);
    expect(result.status).toBe(0);
    expect(result.bytes).toEqual(Buffer.from('61ff1b5b33316d0d0062', 'hex'));
    expect(result.stderr).toMatch(/^e\nhs: stored [0-9a-f]{8} tool_output 'out' \(1 file, 2 B\)\n$/);
    expect((await hs(['ls'], { cwd: dir })).stdout).toMatch(/out/);
    expect((await hs(['show', 'out'], { cwd: dir })).stdout).toMatch(/sandbox/);
    expect(leftovers()).toEqual([]);
  });

  it('has one JSON document on standard output, as its schema says', async () => {
    const { stdout, stderr } = await run([
      '--json',
      '--capture',
      'stdout',
      '--',
      'sh',
      '-c',
      'echo hello; touch stray 2>/dev/null || true',
    ]);
    const document = JSON.parse(stdout);
    const schema = await documentSchema('hs.run/1');
    expect(schema!.safeParse(document).error).toBeUndefined();
    expect(document).toMatchObject({ schema: 'hs.run/1', status: 0, results: [{ kind: 'transcript' }] });
    expect(stderr).toContain('hello\n');
  });

  it('ends with 125 for any failure of its own, and with the status of the tool otherwise', async () => {
    const statusOf = async (...args: string[]) => (await run(args)).status;
    expect(await statusOf('true')).toBe(125);
    expect(await statusOf('--no-such-option', '--', 'true')).toBe(125);
    expect(await statusOf('--name', 'a/../b', '--', 'true')).toBe(125);
    expect(await statusOf('--sandbox', 'sandbox-exec', '--', 'true')).toBe(125);
    expect(await statusOf('--strict', '--sandbox', 'landlock', '--', 'true')).toBe(125);
    expect(await statusOf('--', 'sh', '-c', 'exit 9')).toBe(9);
    expect((await hs(['run', '--', 'true'], { cwd: scratch })).status).toBe(125);
  });

  it('says in its own words that a command cannot be run, and once', async () => {
    writeFileSync(`${dir}/plain`, 'x');
    expect(await run(['--', './plain'])).toMatchObject({
      status: 126,
      stdout: '',
      stderr: `hs: error: cannot run './plain': permission denied\nhint: chmod +x '${dir}/plain' makes a file executable\n`,
    });
    const missing = await run(['--sandbox', 'none', '--', 'no-such']);
    expect(missing.stderr).toBe(
      "hs: error: cannot run 'no-such': not found\nhint: a name without a slash is searched for in PATH\n",
    );
    const json = await run(['--json', '--', 'no-such']);
    expect(json.stderr).toBe('');
    expect(JSON.parse(json.stdout)).toMatchObject({ status: 127, not_run: 'not found' });
  });

  const needs = because(hasBubblewrap ? undefined : 'needs bubblewrap');
  it.skipIf(!hasBubblewrap)(
    `says of a command in /tmp that it is hidden in the sandbox${needs}`,
    async () => {
      const dir = mkdtempSync('/tmp/hs-test-');
      onTestFinished(() => removeSync(dir));
      writeFileSync(`${dir}/tool`, '#!/bin/sh\n', { mode: 0o755 });
      const hidden = await run(['--sandbox', 'bubblewrap', '--', `${dir}/tool`]);
      expect(hidden.stderr).toContain('hint: everything in /tmp, /var/tmp and /run is hidden in the sandbox');
    },
  );

  it('hands standard input on, and not the file that it is', async () => {
    const victim = `${scratch}/victim`;
    writeFileSync(victim, 'untouched\n');
    const env = await hsEnvironment();
    const script = 'cat; (echo gone >/proc/self/fd/0) 2>/dev/null; (echo gone >/dev/stdin) 2>/dev/null; true';
    for (const sandbox of ['bubblewrap', 'landlock']) {
      const { stdout } = spawnSync(
        '/bin/sh',
        [
          '-c',
          `"$@" <${victim}`,
          'sh',
          process.execPath,
          HS_PROGRAM,
          'run',
          '--sandbox',
          sandbox,
          '--',
          'sh',
          '-c',
          script,
        ],
        { cwd: dir, env, encoding: 'utf8' },
      );
      expect(stdout).toMatch(/^(untouched\n)?$/);
      expect(readFileSync(victim, 'utf8')).toBe('untouched\n');
    }
  });

  it.each(offered.filter((b) => b.available && b.level.startsWith('enforced')).map((b) => b.name))(
    'gives a tool whose reader has gone what a closed pipe gives it (%s)',
    async (backend) => {
      const child = await start(['--sandbox', backend, '--', 'yes']);
      await printed(child, 'y');
      child.stdout!.destroy();
      expect(await ended(child)).toBe(141);
      expect(leftovers()).toEqual([]);
    },
  );

  it('escapes the output of a tool on a terminal', async () => {
    const env = await hsEnvironment({ TMPDIR: scratch });
    const tool = `${process.execPath} ${HS_PROGRAM} run -- sh -c 'printf "a\\033]0;title\\007\\rb\\n" ; printf "\\033c" >&2'`;
    const { stdout } = spawnSync('script', ['-qec', tool, '/dev/null'], {
      cwd: dir,
      env,
      encoding: 'latin1',
      input: '',
    });
    const shown = stdout.replace(/\r\n/g, '\n');
    expect(shown).toContain('a\\x1b]0;title\\x07\nb\n');
    expect(shown).toContain('\\x1bc');
    expect(shown).not.toMatch(/\x1b\]|\x1bc|\x07/);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'on %s leaves no process, no mount and no directory',
    async (signal) => {
      const mark = `7${Math.floor(Math.random() * 1e8)}`;
      const child = await start(['--', 'sh', '-c', `echo up; sleep ${mark} & sleep ${mark}`]);
      await printed(child, 'up');
      child.kill(signal);
      expect(await ended(child)).toBe(128 + { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 }[signal]);
      expect(spawnSync('pgrep', ['-f', `^sleep ${mark}`]).status).toBe(1);
      expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(scratch);
      expect(leftovers()).toEqual([]);
    },
  );

  it('cleans up after a killed run in the next command that writes', async () => {
    const mark = `8${Math.floor(Math.random() * 1e8)}`;
    const child = await start(['--', 'sh', '-c', `echo x >$HS_OUT/x; echo up; sleep ${mark}`]);
    await printed(child, 'up');
    child.kill('SIGKILL');
    await ended(child);
    expect(leftovers()).toHaveLength(3);
    await hs(['ledger', 'append-note', 'hello'], { cwd: dir });
    expect(leftovers()).toEqual([]);
    expect(spawnSync('pgrep', ['-f', `^sleep ${mark}`]).status).toBe(1);
    const entries = (await hs(['ledger', 'cat'], { cwd: dir })).stdout.trim().split('\n');
    const runs = entries.map((line) => JSON.parse(line)).filter((e) => e.type === 'tool_run');
    expect(runs).toMatchObject([{ payload: { program: 'sh', exit_status: 137, artifacts: 0 } }]);
  });

  it('runs from outside the workspace', async () => {
    mkdirSync(`${scratch}/here`);
    const { status, stdout } = await hs(['--store', `${dir}/.hsstore`, 'run', '--', 'pwd'], {
      cwd: `${scratch}/here`,
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${scratch}/here\n` });
  });

  it('stores thousands of files in one commit', async () => {
    const script = 'i=0; while [ $i -lt 3000 ]; do echo $i >"$HS_OUT/$i"; i=$((i+1)); done';
    const { stdout } = await run(['--json', '--', 'sh', '-c', script]);
    expect(JSON.parse(stdout).results).toMatchObject([{ files: 3000 }]);
  });
});

describe.skipIf(!offers || whyNotNobody !== undefined)(
  `hs run as an ordinary user${because(offers ? whyNotNobody : 'needs a sandbox that enforces')}`,
  () => {
    it('registers, prevents and reports as for root', async () => {
      const home = await tmp();
      for (const path of [home, scratch]) chownSync(path, NOBODY, NOBODY);
      chmodSync(home, 0o755);
      const env = await hsEnvironment({ TMPDIR: scratch, HOME: home, XDG_STATE_HOME: `${home}/state` });
      const as = (...args: string[]) =>
        spawnSync(...hsAsNobody(...args), { cwd: home, env, encoding: 'utf8' });
      expect(as('init').stderr).toBe('');
      const { status, stdout } = as(
        'run',
        '--json',
        '--',
        'sh',
        '-c',
        'echo x >$HS_OUT/x; echo y >stray 2>/dev/null; id -u >&2',
      );
      expect(JSON.parse(stdout)).toMatchObject({
        results: [{ files: 1 }],
        sandbox: { level: expect.stringMatching(/^enforced/) },
      });
      expect(status).toBe(0);
      expect(existsSync(`${home}/stray`)).toBe(false);
      expect(readdirSync(scratch)).toEqual([]);
    });
  },
);

const observes = offered.some(({ available, level }) => available && level === 'enforced+observed');

it.skipIf(!observes)('under --strict says that the tool wrote elsewhere, not that it failed', async () => {
  const { status, stderr } = await run(['--strict', '--', 'sh', '-c', 'touch stray; echo x >$HS_OUT/x']);
  expect(status).toBe(124);
  expect(stderr).toContain('the tool wrote elsewhere, and its output was discarded');
  expect(stderr).not.toContain('the tool failed');
});
