import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isHsError } from '../../src/errors/hs-error.js';
import { errnoError } from '../../src/fsx/errno.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { systemEnvironment } from '../../src/fsx/system-effects.js';
import type { SandboxChoice } from '../../src/sandbox/run-sandboxed.js';
import {
  type BackendName,
  probeBackends,
  removeScratch,
  runSandboxed,
  type SandboxHost,
  type SandboxRequest,
  type SandboxResult,
  sandboxHost,
} from '../../src/sandbox/sandbox.js';
import { because } from '../helpers/ordinary-user.js';
import { interceptDisk } from '../sim/intercept-disk.js';
import { makeWorld, USERS, type World } from './world.js';

const disk = nodeDisk();
const host = sandboxHost(disk, systemEnvironment());
const user = USERS[0]!;
let world: World;
beforeEach(() => {
  world = makeWorld(user, 'tmp');
});
afterEach(() => removeScratch(world.root));

type Ran = SandboxResult & { stdout: string; stderr: string };

async function run(
  command: readonly string[],
  choice: Partial<SandboxChoice> = {},
  more: Partial<SandboxRequest> = {},
  on: SandboxHost = host,
): Promise<Ran> {
  const output = { stdout: '', stderr: '' };
  const result = await runSandboxed(
    on,
    {
      command,
      projectDir: world.project,
      captureDir: world.capture,
      scratchDir: world.scratch,
      storeDir: world.store,
      network: false,
      // Without directories of the developer's own, which another user may not search (126 instead of 127).
      env: { ...process.env, PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin` },
      stdin: 'ignore',
      signal: new AbortController().signal,
      onOutput: (stream, chunk) => {
        output[stream] += Buffer.from(chunk).toString();
      },
      ...more,
    },
    { least: 'none', ...choice },
  );
  return { ...result, ...output };
}

const sh = (script: string) => ['sh', '-c', script];

async function available(): Promise<BackendName[]> {
  const dir = makeWorld(user, 'tmp');
  try {
    mkdirSync(join(dir.root, 'probe'));
    const reports = await probeBackends(host, join(dir.root, 'probe'));
    return reports.filter((one) => one.available).map(({ name }) => name);
  } finally {
    await removeScratch(dir.root);
  }
}
const here = await available();
const unless = (backend: BackendName) => because(here.includes(backend) ? undefined : `needs ${backend}`);

/** Processes whose command line has the word, zombies aside. */
function processesWith(word: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word);
    } catch {
      return false;
    }
  });
}

describe.each(here)('%s', (backend) => {
  const enforces = backend !== 'none';

  it('passes on the exit status', async () => {
    expect(await run(sh('exit 42'), { backend })).toMatchObject({ status: 42, aborted: false });
  });

  it('gives 128 + n for a signal', async () => {
    const killed = await run(sh('kill -KILL $$'), { backend });
    expect(killed.status).toBe(137);
    expect(killed.notRun).toBeUndefined();
  });

  // The launcher in python is for machines without perl.
  it.each(backend === 'landlock' ? ['perl', 'python3'] : [''])(
    'says why a command cannot be run, and nothing on its streams %s',
    async (launcher) => {
      const without = ['perl', 'python3'].filter((name) => launcher !== '' && name !== launcher);
      const only = sandboxHost(disk, systemEnvironment(), { without });
      const path = join(world.project, 'changed');
      for (const [program, status, notRun] of [
        ['no-such-command-here', 127, 'not found'],
        ['./no-such-command-here', 127, 'not found'],
        // A shell's builtin is no command.
        ['eval', 127, 'not found'],
        [path, 126, 'permission denied'],
      ] as const) {
        const ran = await run([program, 'x'], { backend }, {}, only);
        expect(ran).toMatchObject({ status, notRun, stdout: '', stderr: '', backend });
        await removeScratch(world.scratch);
        mkdirSync(world.scratch, { mode: 0o700 });
      }
    },
  );

  it('says nothing of a tool that ends as if it could not be run', async () => {
    expect((await run(sh('echo failed 2 >&3; exit 127'), { backend })).notRun).toBeUndefined();
  });

  it('finds the command where a shell would, in an empty entry of PATH too', async () => {
    const cwd = join(world.project, 'sub');
    writeFileSync(join(cwd, 'tool x'), '#!/bin/sh\necho "$1" "$n$e"\n', { mode: 0o755 });
    const env = { PATH: '/usr/bin:/bin:/no such:/*:', n: 'a', e: 'b' };
    const ran = await run(['tool x', '*'], { backend }, { cwd, env });
    expect(ran).toMatchObject({ status: 0, stdout: '* ab\n' });
  });

  it('hands over arguments as they are', async () => {
    const args = ['a b', '', "it's", '-n', '$HOME', 'ü\n', '*'];
    const ran = await run(
      ['node', '-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--', ...args],
      {
        backend,
      },
    );
    expect(JSON.parse(ran.stdout)).toEqual(args);
  });

  it('starts in the directory that was asked for, in a project under /tmp', async () => {
    const cwd = join(world.project, 'sub');
    const ran = await run(sh('pwd; echo "$PWD"; cat deep'), { backend }, { cwd });
    expect(ran.stdout).toBe(`${realpathSync(cwd)}\n${realpathSync(cwd)}\nsub/deep`);
  });

  it('stores what the tool leaves in $HS_OUT, which is in /tmp', async () => {
    await run(sh('mkdir "$HS_OUT/d" && echo x >"$HS_OUT/d/f" && mv "$HS_OUT/d/f" "$HS_OUT/g"'), { backend });
    expect(readdirSync(world.capture, { recursive: true }).sort()).toEqual(['d', 'g']);
  });

  it('survives a tool that deletes $HS_OUT', async () => {
    const ran = await run(sh('echo x >"$HS_OUT/f"; rm -rf "$HS_OUT"; exit 3'), { backend });
    expect(ran.status).toBe(3);
    // A mount point, or what Landlock guards, stays and is emptied.
    const left = existsSync(world.capture) ? readdirSync(world.capture) : 'gone';
    expect(left).toEqual(enforces ? [] : 'gone');
  });

  it('offers inputs under $HS_IN, read-only where anything is', async () => {
    const inputsDir = join(world.root, 'inputs');
    mkdirSync(inputsDir);
    writeFileSync(join(inputsDir, 'one'), 'the input');
    const ran = await run(sh('cat "$HS_IN/one"; echo x >"$HS_IN/one"'), { backend }, { inputsDir });
    expect(ran.stdout).toBe('the input');
    expect(readFileSync(join(inputsDir, 'one'), 'utf8')).toBe(enforces ? 'the input' : 'x\n');
  });

  it('ends with the tool even when a background process holds its output', async () => {
    const word = `sleep 3${Date.now() % 100000}`;
    const start = Date.now();
    const ran = await run(sh(`${word} & echo done`), { backend });
    expect(ran).toMatchObject({ status: 0, stdout: 'done\n' });
    expect(Date.now() - start).toBeLessThan(2500);
    expect(processesWith(word.replace(' ', '\0'))).toEqual([]);
  });

  it('loses no output of a tool that prints much to a slow reader', async () => {
    let bytes = 0;
    const onOutput = async (_: string, chunk: Uint8Array) => {
      bytes += chunk.length;
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await run(sh('head -c 3000000 /dev/zero'), { backend }, { onOutput });
    expect(bytes).toBe(3_000_000);
  });

  it('propagates an error of the output reader, and leaves no process', async () => {
    const word = `sleep 4${Date.now() % 100000}`;
    const onOutput = () => Promise.reject(new Error('disk full'));
    await expect(run(sh(`echo x; ${word}`), { backend }, { onOutput })).rejects.toThrow('disk full');
    expect(processesWith(word.replace(' ', '\0'))).toEqual([]);
  });

  it('passes an interrupt to the tool, which may clean up', async () => {
    const abort = new AbortController();
    const script = `trap 'echo cleaned >"$HS_OUT/log"; exit 9' INT; echo up; while :; do sleep 0.01; done`;
    const ran = await run(
      sh(script),
      { backend },
      { signal: abort.signal, onOutput: () => abort.abort('SIGINT') },
    );
    expect(ran).toMatchObject({ status: 9, aborted: true });
    expect(readFileSync(join(world.capture, 'log'), 'utf8')).toBe('cleaned\n');
  });

  it('kills a tool that ignores the interrupt, and its children', async () => {
    const abort = new AbortController();
    const word = `sleep 5${Date.now() % 100000}`;
    const script = `trap '' INT TERM; (setsid ${word} &) ; echo up; ${word}`;
    const more = { signal: abort.signal, graceMs: 100, onOutput: () => abort.abort('SIGTERM') };
    const ran = await run(sh(script), { backend }, more);
    expect(ran).toMatchObject({ aborted: true, status: 137 });
    const left = processesWith(word.replace(' ', '\0'));
    for (const pid of left) process.kill(Number(pid), 'SIGKILL');
    // `none` declares that what leaves the process group goes on.
    expect(left).toHaveLength(enforces ? 0 : 1);
  });

  it('delivers another signal to the tool', async () => {
    const script = `trap 'exit 11' USR1; echo up; while :; do sleep 0.01; done`;
    let send: (signal: NodeJS.Signals) => void = () => undefined;
    const more: Partial<SandboxRequest> = {
      onStart: (tool) => {
        send = (signal) => tool.send(signal);
      },
      onOutput: () => send('SIGUSR1'),
    };
    expect((await run(sh(script), { backend }, more)).status).toBe(11);
  });

  it('does not start the tool when it is interrupted before', async () => {
    const abort = new AbortController();
    abort.abort();
    const refused = run(sh('echo x >"$HS_OUT/f"'), { backend }, { signal: abort.signal });
    await expect(refused).rejects.toSatisfy((e) => isHsError(e, 'INTERRUPTED'));
    expect(existsSync(join(world.capture, 'f'))).toBe(false);
  });

  it('reaches the network when that is asked for', async () => {
    const { createServer } = await import('node:net');
    const server = createServer((socket) => socket.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const script = `require('net').connect(${port}, '127.0.0.1').on('data', (d) => console.log(String(d))).on('error', () => process.exit(5))`;
    try {
      const ran = await run(['node', '-e', script], { backend }, { network: true });
      expect(ran).toMatchObject({ status: 0, stdout: 'hello\n' });
      expect(ran.gaps.join()).toMatch(/network is open|nothing is prevented/);
    } finally {
      server.close();
    }
  });

  it('can be removed, whatever the tool left', async () => {
    const script = `cd "$HS_OUT"; mkdir -p shut/in; echo x >shut/in/f; chmod 0 shut/in shut; mkdir "$HOME/d"; chmod 0 "$HOME/d"
      printf x >"$(printf 'n\\377')"; mkdir made; chmod 0 made`;
    await run(sh(script), { backend });
    await removeScratch(world.scratch);
    await removeScratch(world.capture);
    expect([existsSync(world.scratch), existsSync(world.capture)]).toEqual([false, false]);
  });
});

describe('runSandboxed', () => {
  it('chooses the best available backend, and never none on its own', async () => {
    const enforcing = here.filter((name) => name !== 'none');
    expect((await run(['true'])).backend).toBe(enforcing[0]);
    const bare = sandboxHost(disk, systemEnvironment(), {
      without: ['bwrap', 'perl', 'python3', 'sandbox-exec'],
    });
    await removeScratch(world.root);
    world = makeWorld(user, 'tmp');
    await expect(run(['touch', join(world.elsewhere, 'x')], {}, {}, bare)).rejects.toMatchObject({
      code: 'SANDBOX',
      details: { tried: { bubblewrap: 'bubblewrap (bwrap) is not installed' } },
    });
    expect(existsSync(join(world.elsewhere, 'x'))).toBe(false);
  });

  const fallsBack = `falls back to the next one when namespaces are refused${unless('landlock')}`;
  it.skipIf(!here.includes('landlock'))(fallsBack, async () => {
    const refused = sandboxHost(disk, systemEnvironment(), { namespaces: false });
    expect((await run(['true'], {}, {}, refused)).backend).toBe('landlock');
  });

  it('refuses a named backend below the level that policy demands', async () => {
    await expect(run(['true'], { backend: 'none', least: 'enforced' })).rejects.toMatchObject({
      code: 'REFUSED',
    });
  });

  it('does not trust a program that is called bwrap and confines nothing', async () => {
    const fake = join(world.root, 'bwrap');
    writeFileSync(fake, '#!/bin/sh\nwhile [ "$1" != /bin/sh ]; do shift; done; exec "$@"\n', { mode: 0o755 });
    const fooled: SandboxHost = {
      ...host,
      find: (program) => (program === 'bwrap' ? Promise.resolve(fake) : host.find(program)),
    };
    const ran = run(sh('echo x >"$HS_OUT/f"'), { backend: 'bubblewrap' }, {}, fooled);
    await expect(ran).rejects.toMatchObject({
      code: 'SANDBOX',
      message: expect.stringContaining('forbidden write'),
    });
    expect(readdirSync(world.project)).not.toContain(`.hs-probe-${process.pid}`);
  });

  const noOverlay = `does not use an overlay when the scratch directory lies in the project${unless('bubblewrap')}`;
  it.skipIf(!here.includes('bubblewrap'))(noOverlay, async () => {
    const scratchDir = join(world.project, 'scratch');
    mkdirSync(scratchDir, { mode: 0o700 });
    expect((await run(['true'], {}, { scratchDir })).backend).toBe('bubblewrap');
  });

  const unlisted = `keeps the status of a tool whose writes cannot be listed, and says so${unless('bubblewrap-overlay')}`;
  it.skipIf(!here.includes('bubblewrap-overlay'))(unlisted, async () => {
    const broken = interceptDisk(disk, (operation, path) => {
      if (operation === 'readdir' && path.includes('/upper/')) throw errnoError('EIO', operation, path);
    });
    const ran = await run(sh('exit 3'), { backend: 'bubblewrap-overlay' }, {}, { ...host, disk: broken });
    expect(ran).toMatchObject({ status: 3, stray: [] });
    expect(ran.gaps).toContain('not everything that the tool wrote in the project could be inspected');
  });

  it('refuses to run on a project inside the store', async () => {
    await expect(run(['true'], {}, { projectDir: join(world.store, 'tmp') })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });
});

describe('probeBackends', () => {
  it('leaves nothing behind, and gives a reason for each unavailable backend', async () => {
    const dir = join(world.root, 'probe');
    mkdirSync(dir);
    const reports = await probeBackends(host, dir);
    expect(reports.map(({ name }) => name)).toEqual([
      'bubblewrap-overlay',
      'bubblewrap',
      'landlock',
      'sandbox-exec',
      'none',
    ]);
    for (const { available: ok, reason } of reports) expect(reason === undefined).toBe(ok);
    expect(readdirSync(dir)).toEqual([]);
  });
});
