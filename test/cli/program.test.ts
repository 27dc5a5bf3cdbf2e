import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectDocument } from '../helpers/document.js';
import { HS_PROGRAM, hs, hsEnvironment } from '../helpers/hs.js';
import { TELL_CHUNKS } from '../helpers/tell-chunks.js';
import { tmp } from '../helpers/tmp.js';

const HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

async function workspace(): Promise<string> {
  const cwd = await tmp();
  await mkdir(join(cwd, 'tree'));
  await writeFile(join(cwd, 'hello'), 'hello');
  await writeFile(join(cwd, 'tree', 'a.txt'), 'hello');
  return cwd;
}

it('hs fsck --repair sets damage aside, and Tab completes labels, in the program as it is built', async () => {
  const cwd = await workspace();
  await hs(['init'], { cwd });
  await writeFile(join(cwd, 'large'), Buffer.alloc(100_000, 'large'));
  await hs(['put', 'large', '--name', 'large', '--label', 'size=big'], { cwd });
  const { stdout: id } = await hs(['hash-object', 'large'], { cwd });
  const object = join(cwd, '.hsstore/objects', id.slice(0, 2), id.trim());
  await chmod(object, 0o644);
  await writeFile(object, Buffer.alloc(100_000, 'other'));
  expect(await hs(['fsck', '--repair'], { cwd })).toMatchObject({ status: 1, stderr: '' });
  expect(await readdir(join(cwd, '.hsstore/quarantine'))).toHaveLength(1);
  expect((await hs(['__complete', '--', 'ls', '--label', ''], { cwd })).stdout).toBe('none\nsize\t\n');
});

describe('hs hash-object', () => {
  it('agrees with sha256sum, from a file and from standard input', async () => {
    const cwd = await workspace();
    expect(await hs(['hash-object', 'hello'], { cwd })).toMatchObject({
      status: 0,
      stdout: `${HELLO}\n`,
      stderr: '',
    });
    expect((await hs(['hash-object', '--stdin'], { cwd, stdin: 'hello' })).stdout).toBe(`${HELLO}\n`);
  });

  it('hashes a directory by its canonical index', async () => {
    const cwd = await workspace();
    await mkdir(join(cwd, 'empty'));
    const { stdout } = await hs(['hash-object', '--directory', 'tree', 'empty'], { cwd });
    expect(stdout.split('\n')).toEqual([
      '8a1247a7cd533754624ad10d6cc3b918be359f9c082b7a838d15b788ee327141',
      '4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945',
      '',
    ]);
  });

  it('reads paths from standard input, any name with -z', async () => {
    const cwd = await workspace();
    await writeFile(join(cwd, 'a\nb'), 'hello');
    const { stdout, status } = await hs(['hash-object', '--stdin-paths', '-z'], {
      cwd,
      stdin: 'a\nb\0hello\0',
    });
    expect({ stdout, status }).toEqual({ stdout: `${HELLO}\0${HELLO}\0`, status: 0 });
  });

  it('continues after a missing file, and exits with 3', async () => {
    const cwd = await workspace();
    expect(await hs(['hash-object', 'nope', 'hello', 'tree'], { cwd })).toMatchObject({
      status: 3,
      stdout: `${HELLO}\n`,
      stderr:
        `hs: error: cannot open '${cwd}/nope': no such file or directory\n` +
        `hs: error: '${cwd}/tree' is not a regular file\n`,
    });
  });

  it('stores what it hashes with -w, and nothing if a file cannot be read', async () => {
    const cwd = await workspace();
    await hs(['init'], { cwd });
    expect((await hs(['hash-object', '-w', 'hello', 'nope'], { cwd })).status).toBe(4);
    expect((await hs(['cat-object', HELLO], { cwd })).status).not.toBe(0);
    expect((await hs(['hash-object', '-w', 'hello'], { cwd })).stdout).toBe(`${HELLO}\n`);
    expect(
      await readFile(join(cwd, '.hsstore', 'objects', HELLO.slice(0, 2), HELLO), 'utf8').catch(() => ''),
    ).toBe('hello');
  });

  it('needs a store for -w and none otherwise', async () => {
    const cwd = await workspace();
    const { status, stderr } = await hs(['hash-object', '-w', 'hello'], { cwd });
    expect(status).toBe(9);
    expect(stderr).toContain('hint: ');
  });

  it('loads neither the schemas nor the index nor the preview nor tar', async () => {
    const { sources, log } = await loadedBy(await workspace(), 'hash-object', 'hello');
    expect(sources).toContain('../src/ops/payload/hash-file.ts');
    const unwanted =
      /node_modules\/(zod|ink|react|tar-stream)\/|src\/(store|ui|archive|sandbox|cli\/schemas)\b/;
    expect(sources.filter((name) => unwanted.test(name))).toEqual([]);
    expect(log).not.toMatch(/fs-native-extensions/);
  });
});

describe('a command on a store', () => {
  it('loads the store as one bundle and a few other files', async () => {
    const cwd = await workspace();
    await hs(['init'], { cwd });
    await hs(['put', 'hello', '--name', 'hello'], { cwd });
    for (const command of ['ls', 'cat-artifact']) {
      const { chunks } = await loadedBy(cwd, command, 'hello');
      expect(chunks.filter((name) => name.startsWith('store-'))).toHaveLength(1);
      expect(chunks.length).toBeLessThan(20);
    }
  });
});

/** The chunks that hs loads for a command, their sources, and all that Node says of loading. */
async function loadedBy(
  cwd: string,
  ...args: string[]
): Promise<{ chunks: string[]; sources: string[]; log: string }> {
  const { stderr } = await hs(args, { cwd, env: { NODE_DEBUG: 'module', NODE_OPTIONS: TELL_CHUNKS } });
  const chunks = [...stderr.matchAll(/^chunk (\S+)/gm)].map((m) => m[1]!);
  const dist = join(HS_PROGRAM, '../../dist');
  const maps = await Promise.all(chunks.map((name) => readFile(join(dist, `${name}.map`), 'utf8')));
  return { chunks, sources: maps.flatMap((text) => JSON.parse(text).sources), log: stderr };
}

describe('documents', () => {
  it('match hs schema', async () => {
    const cwd = await workspace();
    await expectDocument((await hs(['hash-object', '--json', 'hello', 'nope'], { cwd })).stdout);
    await expectDocument((await hs(['hash-object', '--jsonl', 'hello'], { cwd })).stdout);
    await expectDocument((await hs(['hash-object', '--json', 'nope'], { cwd })).stderr);
    await expectDocument((await hs(['version', '--json'])).stdout);
    await expectDocument((await hs(['frobnicate', '--json'])).stderr);
  });
});

describe('the program', () => {
  it('runs in the directory of -C', async () => {
    const cwd = await workspace();
    expect((await hs(['-C', join(cwd, 'tree'), 'hash-object', 'a.txt'])).stdout).toBe(`${HELLO}\n`);
    const both = await hs(['-C', cwd, '-C', 'tree', 'hash-object', 'a.txt']);
    expect(both.stdout).toBe(`${HELLO}\n`);
    const { status, stderr } = await hs(['-C', join(cwd, 'none'), 'version']);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: `hs: error: cannot change to '${cwd}/none': no such file or directory\n`,
    });
  });

  it('does not search upwards for a store that was named by nothing', async () => {
    const cwd = await workspace();
    await hs(['init'], { cwd });
    expect(await hs(['ls', '--store', ''], { cwd })).toMatchObject({
      status: 2,
      stderr: "hs: error: invalid value '' for '--store': it is empty\nhint: hs help ls\n",
    });
    expect((await hs(['ls'], { cwd, env: { HS_STORE: '' } })).status).toBe(0);
  });

  it('hints at existing commands, not at itself', async () => {
    const cwd = await workspace();
    expect((await hs(['-V'])).stderr).toBe("hs: error: unknown option '-V'\nhint: hs help\n");
    expect(await hs(['init', 'a/b'], { cwd })).toMatchObject({
      status: 4,
      stderr: `hs: error: cannot create '${cwd}/a/b': its parent directory does not exist\nhint: mkdir -p '${cwd}/a'\n`,
    });
    for (const option of ['-e', '-t', '-s']) {
      expect((await hs(['cat-artifact', '--json', option, 'app'], { cwd })).stderr).toContain(
        "'--json' cannot be used here: there is no document to print",
      );
    }
    expect((await hs(['cat-artifact', '--json', 'app'], { cwd })).stderr).toContain(
      'the output is raw bytes',
    );
  });

  it('ends a listing silently when its reader closes the pipe', async () => {
    const cwd = await workspace();
    const paths = 'hello\n'.repeat(20_000);
    await writeFile(join(cwd, 'paths'), paths);
    const child = spawn(
      'sh',
      [
        '-c',
        '("$0" "$1" hash-object --stdin-paths <paths; echo "status $?" >&2) | head -n 1',
        process.execPath,
        HS_PROGRAM,
      ],
      {
        cwd,
        env: await hsEnvironment(),
      },
    );
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    await once(child, 'close');
    expect({ stdout, stderr }).toEqual({ stdout: `${HELLO}\n`, stderr: 'status 0\n' });
  });

  it('says 10 when its output cannot be written', async () => {
    const cwd = await workspace();
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [HS_PROGRAM, 'hash-object', 'hello'], {
      cwd,
      env: await hsEnvironment(),
      stdio: ['ignore', full, 'pipe'],
    });
    let stderr = '';
    child.stderr!.on('data', (chunk) => {
      stderr += chunk;
    });
    const [status] = await once(child, 'close');
    expect({ status, stderr }).toEqual({
      status: 10,
      stderr: 'hs: error: cannot write to standard output: no space left on device\n',
    });
  });

  it('ends with 130 on Ctrl-C while it waits for input', async () => {
    const child = spawn(process.execPath, [HS_PROGRAM, 'hash-object', '--stdin-paths'], {
      env: await hsEnvironment(),
    });
    // Its first answer says that it runs and waits for the next line.
    child.stdin.write(`${HS_PROGRAM}\n`);
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    const [status] = await once(child, 'close');
    expect(status).toBe(130);
  });

  it('ends with 70 and asks for a report when an error escapes everything', async () => {
    const thrower = 'data:text/javascript,setTimeout(()=>{throw%20new%20TypeError(%22lost%22)},400)';
    const env = await hsEnvironment({ NODE_OPTIONS: `--import=${thrower}` });
    const child = spawn(process.execPath, [HS_PROGRAM, 'hash-object', '--stdin'], { env });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const [status] = await once(child, 'close');
    expect(status).toBe(70);
    expect(stderr).toMatch(/^hs: error: bug in hs: TypeError: lost\n {4}at .*\nhint: please report it/);
  });

  it('does not end well when nothing is left that it could wait for', async () => {
    const thief = `data:text/javascript,${encodeURIComponent(
      "import { Readable } from 'node:stream'; Object.defineProperty(process, 'stdin', { value: new Readable({ read() {} }) });",
    )}`;
    const env = { NODE_OPTIONS: `--import=${thief}` };
    const { status, stderr } = await hs(['hash-object', '--stdin'], { env });
    expect(stderr).toMatch(/^hs: error: bug in hs: Error: nothing is left to wait for\n/);
    expect(status).toBe(70);
  });

  it('says how to build when it is not built', async () => {
    const root = await tmp();
    await mkdir(join(root, 'bin'));
    await writeFile(join(root, 'package.json'), '{"type":"module"}');
    for (const name of ['hs.js', 'package.json']) {
      await copyFile(join(HS_PROGRAM, '..', name), join(root, 'bin', name));
    }
    await symlink('bin/hs.js', join(root, 'hs'));
    const child = spawn(process.execPath, [join(root, 'hs')], { env: await hsEnvironment() });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const [status] = await once(child, 'close');
    expect(status).toBe(10);
    expect(stderr).toContain('hs: error: the program is not built');
    expect(stderr).toContain('hint: npm run build');
  });

  it('is guarded by a file that an old Node can still read', async () => {
    const guard = await readFile(HS_PROGRAM, 'utf8');
    expect(guard).not.toMatch(/\b(const|let|async|await)\b|`|\?\.|\?\?/);
    for (const [version, platform, words] of [
      ['18.20.4', 'linux', 'needs Node.js 20.19 or newer, and this is 18.20.4'],
      ['20.18.1', 'linux', 'needs Node.js 20.19 or newer, and this is 20.18.1'],
      ['22.0.0', 'win32', 'does not run on Windows'],
    ]) {
      let said = '';
      const process = {
        versions: { node: version },
        platform,
        exitCode: 0,
        stderr: { write: (s: string) => (said += s) },
      };
      new Function('process', guard.replace('#!', '//'))(process);
      expect(said).toContain(words);
      expect(process.exitCode).toBe(10);
    }
  });
});
