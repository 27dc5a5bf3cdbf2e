import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { ensureDirSync } from 'fs-extra/esm';
import { beforeEach, describe, expect, it } from 'vitest';
import { HS_PROGRAM, hs, hsEnvironment } from '../helpers/hs.js';
import { because, hsAsNobody, NOBODY, whyNotMount, whyNotNobody } from '../helpers/ordinary-user.js';
import { tmp } from '../helpers/tmp.js';

let dir: string;

beforeEach(async () => {
  dir = await tmp();
  await hs(['init'], { cwd: dir });
});

const run = (...args: string[]) => hs(args, { cwd: dir });

/** Entries, objects and leftovers: what a refused command must leave as it was. */
function state(): string[] {
  return readdirSync(`${dir}/.hsstore`, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('cache'))
    .sort();
}

async function refuses(args: string[], status: number, words: RegExp): Promise<void> {
  const before = state();
  const result = await run(...args);
  expect({ status: result.status, stdout: result.stdout }).toEqual({ status, stdout: '' });
  expect(result.stderr).toMatch(words);
  expect(state()).toEqual(before);
}

/** The kernel says that it is of 4096 bytes, and it is shorter. */
const MADE_UP = '/sys/kernel/mm/transparent_hugepage/enabled';

it.skipIf(!existsSync(MADE_UP))(`hs put stores a file whose size is not told (${MADE_UP})`, async () => {
  const cwd = await tmp();
  await hs(['init'], { cwd });
  expect(readFileSync(MADE_UP).length).toBeLessThan(statSync(MADE_UP).size);
  const { status, stderr } = await hs(['put', MADE_UP, '--name', 'setting'], { cwd });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect((await hs(['cat-artifact', 'setting'], { cwd })).stdout).toBe(readFileSync(MADE_UP, 'utf8'));
});

describe('hs put', () => {
  it('warns of a file name that it cannot keep as the filename hint', async () => {
    writeFileSync(`${dir}/new\nline`, 'x');
    const { status, stderr } = await run('put', 'new\nline');
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: "hs: warning: the file name 'new\\x0aline' is not kept: it contains a control character\n",
    });
  });

  it('stores a file so that sha256sum agrees with its content hash', async () => {
    writeFileSync(`${dir}/a`, 'hello');
    const id = (await run('put', 'a')).stdout.trim();
    const [row] = JSON.parse((await run('ls', '--json')).stdout).results;
    expect(row.artifact_id).toBe(id);
    expect(execFileSync('sha256sum', [`${dir}/a`], { encoding: 'utf8' })).toContain(row.content_hash);
    expect((await run('cat-artifact', id)).stdout).toBe('hello');
  });

  it('hashes a directory independently of times, other modes and listing order', async () => {
    for (const name of ['one', 'two']) mkdirSync(`${dir}/${name}`);
    const files = ['b', 'a', 'é', 'Z', '10', '9'];
    for (const f of files) writeFileSync(`${dir}/one/${f}`, f, { mode: 0o600 });
    for (const f of [...files].reverse()) writeFileSync(`${dir}/two/${f}`, f, { mode: 0o644 });
    const result = JSON.parse((await run('put', 'one', 'two', '--json')).stdout);
    expect(result.results[0].content_hash).toBe(result.results[1].content_hash);
    chmodSync(`${dir}/two/a`, 0o755);
    const changed = JSON.parse((await run('put', 'two', '--json')).stdout);
    expect(changed.results[0].content_hash).not.toBe(result.results[0].content_hash);
  });

  it('prints the payload of a directory as the canonical index that its hash is of', async () => {
    mkdirSync(`${dir}/d`);
    writeFileSync(`${dir}/d/a.txt`, 'hello');
    const id = (await run('put', 'd')).stdout.trim();
    const { bytes } = await run('cat-artifact', id);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(
      '8a1247a7cd533754624ad10d6cc3b918be359f9c082b7a838d15b788ee327141',
    );
  });

  it('reads standard input, also from a writer that stops early', async () => {
    const { stdout } = await hs(['put', '-', '--kind', 'transcript', '--name', 'log'], {
      cwd: dir,
      stdin: 'text',
    });
    expect(stdout).toMatch(/^[0-9a-f-]{36}\n$/);
    expect((await run('cat-artifact', 'log')).stdout).toBe('text');
    expect((await run('cat-artifact', '-t', 'log')).stdout).toBe('transcript\n');
  });

  it('fails when standard input cannot be read, and stores nothing', async () => {
    const env = await hsEnvironment();
    const unreadable = [
      [dir, /cannot read standard input: is a directory/],
      ['/proc/self/mem', /cannot read standard input: input\/output error/],
    ] as const;
    for (const [path, words] of unreadable) {
      for (const args of [
        ['put', '-'],
        ['hash-object', '--stdin'],
      ]) {
        const stdin = openSync(path, 'r');
        const { status, stdout, stderr } = spawnSync(process.execPath, [HS_PROGRAM, ...args], {
          cwd: dir,
          env,
          stdio: [stdin, 'pipe', 'pipe'],
          encoding: 'utf8',
        });
        closeSync(stdin);
        expect({ status, stdout }).toEqual({ status: 10, stdout: '' });
        expect(stderr).toMatch(words);
      }
    }
    expect((await run('ls', '--jsonl')).stdout).toBe('');
  });

  it('reads a file that says its size is 0 to its end', async () => {
    const { results: artifacts } = JSON.parse((await run('put', '/proc/version', '--json')).stdout);
    expect(artifacts[0].content_hash).toBe(
      createHash('sha256').update(readFileSync('/proc/version')).digest('hex'),
    );
    expect(artifacts[0].size_bytes).toBeGreaterThan(0);
  });

  it('names an entry with white space around as its file is named', async () => {
    ensureDirSync(`${dir}/around`);
    writeFileSync(`${dir}/around/y `, 'y');
    expect((await run('put', 'around', '--each', '--name', 'N')).status).toBe(0);
    expect((await run('resolve', 'N/y ')).status).toBe(0);
  });

  it('takes the media type from the extension of a file name, not from a name without one', async () => {
    const none = 'application/octet-stream';
    const types = { 'a.png': 'image/png', png: none, '.png': none, zip: none, 'a.b.GZ': 'application/gzip' };
    for (const [name, type] of Object.entries(types)) {
      writeFileSync(`${dir}/${name}`, 'x');
      const { stdout: id } = await run('put', name);
      const { stdout } = await run('cat-artifact', '--manifest', id.trim());
      expect([name, JSON.parse(stdout).mime]).toEqual([name, type]);
    }
  });

  it('makes each entry of a directory a separate series, and lists what it left out in JSON', async () => {
    ensureDirSync(`${dir}/d/sub`);
    for (const f of ['a', 'b', 'c.log', 'sub/x.log', 'sub/y']) writeFileSync(`${dir}/d/${f}`, f);
    const { stdout } = await run('put', 'd', '--each', '--name', 'N', '--exclude', '*.log', '--json');
    expect(JSON.parse(stdout).results.map((a: { left_out: unknown }) => a.left_out)).toEqual([
      [{ path: 'c.log', why: 'excluded' }],
      [],
      [{ path: 'x.log', why: 'excluded' }],
    ]);
    const rows = JSON.parse((await run('ls', '--json')).stdout).results;
    expect(rows.map((r: { name: string }) => r.name).sort()).toEqual(['N/a', 'N/b', 'N/sub']);
  });

  it('answers each record of a batch, an empty one too', async () => {
    writeFileSync(`${dir}/f`, 'f');
    await run('put', 'f', '--name', 'f');
    for (const mode of ['--batch', '--batch-check']) {
      const { status, stdout } = await hs(['cat-artifact', mode], { cwd: dir, stdin: '\nnope\n' });
      expect({ status, stdout }).toEqual({ status: 1, stdout: ' missing\nnope missing\n' });
    }
  });

  it('accepts odd names: spaces, quotes, a leading dash, non-ASCII; refuses newlines', async () => {
    mkdirSync(`${dir}/odd`);
    for (const name of ['a b', 'q\'uo"te', '-dash', 'ünïcødé', '日本', '.hidden', '*'])
      writeFileSync(`${dir}/odd/${name}`, name);
    expect((await run('put', 'odd')).status).toBe(0);
    writeFileSync(`${dir}/odd/new\nline`, 'x');
    await refuses(['put', 'odd'], 7, /new\\x0aline/);
  });

  it('leaves out empty directories and excluded files, and says so', async () => {
    ensureDirSync(`${dir}/d/empty`);
    ensureDirSync(`${dir}/d/node_modules/x`);
    writeFileSync(`${dir}/d/keep.txt`, '1');
    writeFileSync(`${dir}/d/drop.log`, '1');
    writeFileSync(`${dir}/d/node_modules/x/y`, '1');
    const result = await run('put', 'd', '--exclude', '*.log', '--exclude', 'node_modules', '--name', 'd');
    expect(result.stderr).toContain("left out 1 empty directory: 'empty'");
    expect(result.stderr).toMatch(
      /left out 2 excluded: ('drop.log', 'node_modules'|'node_modules', 'drop.log')\n/,
    );
    expect((await run('cat-artifact', '-p', 'd')).stdout.split('\t').pop()).toBe('keep.txt\n');
  });

  it('warns of a glob that left nothing out, says how it should be, and with --strict-exclude stores nothing', async () => {
    ensureDirSync(`${dir}/d/secrets`);
    writeFileSync(`${dir}/d/secrets/key`, '1');
    writeFileSync(`${dir}/d/keep`, '1');
    const globs = ['--exclude', 'd/secrets', '--exclude', '*.log', '--exclude', 'keep'];
    const result = await run('put', 'd', ...globs);
    expect([result.status, result.stderr]).toEqual([
      0,
      expect.stringMatching(/warning: nothing is excluded by 'd\/secrets', '\*\.log'; .*--exclude 'secrets'/),
    ]);
    await refuses(
      ['put', 'd', ...globs, '--strict-exclude'],
      2,
      /nothing is excluded by 'd\/secrets', '\*\.log'/,
    );
    const strict = await run('put', 'd', '--each', '--exclude', 'secrets', '--strict-exclude');
    expect([strict.status, strict.stdout.trim().split('\n').length]).toEqual([0, 1]);
  });

  it.each([
    [[], 'd'],
    [['--each'], 'd'],
    [[], '.'],
  ])(
    'shows a name that is not UTF-8 as \\xe9, and leaves it out by that and by a wildcard (%j of %s)',
    async (how, what) => {
      mkdirSync(`${dir}/d`);
      writeFileSync(Buffer.from(`${dir}/d/caf\xe9é.txt`, 'latin1'), '1');
      writeFileSync(`${dir}/d/keep`, '1');
      const shown = what === '.' ? 'd/caf\\xe9\\xe9.txt' : 'caf\\xe9\\xe9.txt';
      const refused = await run('put', what, ...how);
      expect([refused.status, refused.stderr]).toEqual([
        7,
        expect.stringContaining(`'${shown}' is not UTF-8`),
      ]);
      for (const glob of [shown, 'caf??.*']) {
        const result = await run('put', what, ...how, '--exclude', glob);
        expect([result.status, result.stderr]).toEqual([
          0,
          expect.stringContaining(`left out 1 excluded: '${shown}'`),
        ]);
      }
    },
  );

  it('follows no link among the entries of a directory either', async () => {
    mkdirSync(`${dir}/d`);
    writeFileSync(`${dir}/d/file`, '1');
    symlinkSync('/etc/hostname', `${dir}/d/link`);
    const refused = await run('put', 'd', '--each');
    expect([refused.status, refused.stderr]).toEqual([7, expect.stringMatching(/link' is a symbolic link/)]);
    const { stdout, stderr } = await run('put', 'd', '--each', '--skip-links');
    expect(stderr).toContain("left out 1 link: 'link'");
    expect(stdout.trim().split('\n')).toHaveLength(1);
  });

  it('never stores the store itself', async () => {
    writeFileSync(`${dir}/a`, '1');
    const result = await run('put', '.', '--name', 'all');
    expect(result.stderr).toContain("left out 1 store: '.hsstore'");
    expect((await run('cat-artifact', '-p', 'all')).stdout).not.toContain('.hsstore');
    const each = await run('put', '.', '--each');
    expect(each.stderr).toContain("left out 1 store: '.hsstore'");
    expect(each.stdout.trim().split('\n')).toHaveLength(1);
    ensureDirSync(`${dir}/sub/.hsstore`);
    writeFileSync(`${dir}/sub/.hsstore/format.json`, '{}');
    writeFileSync(`${dir}/sub/b`, '2');
    expect((await run('put', 'sub')).stderr).toContain("left out 1 store: '.hsstore'");
  });
});

describe('hs put refuses, and leaves the store as it was', () => {
  beforeEach(() => {
    mkdirSync(`${dir}/d`);
    writeFileSync(`${dir}/d/a`, '1');
  });

  it('a link in a directory, unless --skip-links leaves it out', async () => {
    symlinkSync('/etc/passwd', `${dir}/d/link`);
    await refuses(['put', 'd'], 7, /'link' is a symbolic link/);
    const result = await run('put', 'd', '--skip-links');
    expect(result.status).toBe(0);
    expect(result.stderr).toContain("left out 1 link: 'link'");
  });

  it('files and directories inside the store, by any path', async () => {
    const hash = (await run('hash-object', '-w', 'd/a')).stdout.trim();
    const objects = `.hsstore/objects/${hash.slice(0, 2)}`;
    const [object] = readdirSync(`${dir}/${objects}`);
    symlinkSync('.hsstore/objects', `${dir}/alias`);
    for (const args of [
      ['put', `${objects}/${object}`],
      ['put', `alias/${hash.slice(0, 2)}/${object}`],
      ['put', objects],
      ['put', objects, '--each'],
      ['put', '.hsstore'],
      ['write-index', objects],
      ['hash-object', '-w', `${objects}/${object}`],
      ['hash-object', '-w', '--directory', 'alias'],
    ]) {
      await refuses(args, 7, /is inside the store/);
    }
  });

  it('a FIFO, without hanging', async () => {
    execFileSync('mkfifo', [`${dir}/d/pipe`]);
    await refuses(['put', 'd'], 7, /'pipe' is neither a file nor a directory/);
    await refuses(['put', 'd/pipe'], 7, /not a regular file/);
  });

  it('a device', async () => {
    await refuses(['put', '/dev/null'], 7, /not a regular file/);
  });

  it('a name with a control character, with a glob that leaves it out', async () => {
    mkdirSync(`${dir}/odd`);
    for (const name of ['a\nb[1]', '\x85c', 'plain']) writeFileSync(`${dir}/odd/${name}`, name);
    const globs: string[] = [];
    for (let i = 0; i < 2; i++) {
      const { status, stderr } = await run('put', 'odd', ...globs);
      expect([status, stderr]).toEqual([7, expect.stringContaining('it contains a control character')]);
      const glob = /^hint: rename it, or leave it out: --exclude '(.*)'$/m.exec(stderr)?.[1];
      globs.push('--exclude', glob!);
    }
    expect(globs).toContain('a\\x0ab\\[1\\]');
    expect((await run('put', 'odd', ...globs)).status).toBe(0);
  });

  it('a pipe that has a path, as what it is', async () => {
    await refuses(['put', '/dev/stdin'], 7, /'\/dev\/stdin' is not a regular file\nhint: .*'-'/);
  });

  it('a name of any length, without repeating all of it', async () => {
    const { status, stderr } = await run('put', 'd', '--name', 'n'.repeat(3000));
    expect(status).toBe(7);
    expect(stderr.length).toBeLessThan(500);
  });

  it('a name that is not UTF-8', async () => {
    execFileSync('sh', ['-c', 'printf x > "$(printf "d/bad\\377")"'], { cwd: dir });
    await refuses(['put', 'd'], 7, /not UTF-8/);
  });

  it('missing files', async () => {
    await refuses(['put', 'nope'], 4, /'.*nope' does not exist/);
  });

  it('several paths if one fails: none is registered', async () => {
    await refuses(['put', 'd', 'nope'], 4, /does not exist/);
  });

  it.skipIf(whyNotNobody !== undefined)(`an unreadable file${because(whyNotNobody)}`, async () => {
    chmodSync(`${dir}/d/a`, 0o000);
    execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, dir]);
    const env = { ...(await hsEnvironment()), HOME: dir, XDG_STATE_HOME: `${dir}/.state` };
    const result = spawnSync(...hsAsNobody('put', 'd'), { cwd: dir, env, encoding: 'utf8' });
    expect(result.stderr).toMatch(/'a' cannot be read: permission denied\nhint: .*--exclude/);
    expect(result.status).toBe(10);
  });

  it('a file that changes while it is read', async () => {
    const big = `${dir}/d/growing`;
    writeFileSync(big, Buffer.alloc(64 * 1024 * 1024));
    const child = spawn(process.execPath, [HS_PROGRAM, 'put', 'd'], { cwd: dir, env: await hsEnvironment() });
    const timer = setInterval(() => appendFileSync(big, 'x'), 2);
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const status = await new Promise((resolve) => child.on('close', resolve));
    clearInterval(timer);
    expect(stderr).toMatch(/'growing' changed while it was read/);
    expect(status).toBe(8);
    expect((await run('ls', '--json')).stdout).toContain('"results":[]');
  });

  it('a sensitive artifact without a TTL', async () => {
    await refuses(
      ['put', 'd', '--classification', 'high'],
      2,
      /retention_ttl_days: required with classification high/,
    );
    await refuses(['put', 'd', '--kind', 'prompt_payload'], 2, /--ttl/);
  });

  it('a layer that only promotion reaches, a bad name, a name that looks like an id', async () => {
    await refuses(['put', 'd', '--layer', 'L1'], 2, /L1/);
    await refuses(['put', 'd', '--name', '../up'], 7, /name/);
    await refuses(['put', 'd', '--name', `${'a'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}`], 7, /name/);
    await refuses(['put', 'd', '--name', 'x@{1}'], 7, /name/);
  });

  it.skipIf(whyNotMount !== undefined)(`a disk that is full${because(whyNotMount)}`, async () => {
    const script = `
      mount -t tmpfs -o size=900k tmpfs "$1" && cd "$1" && "$2" "$3" init >/dev/null || exit 99
      yes | head -c 2000000 > ../big
      "$2" "$3" put ../big; echo "status $?"
      find .hsstore/tmp .hsstore/leases -type f | wc -l
      echo ok > small && "$2" "$3" put small >/dev/null; echo "then $?"`;
    mkdirSync(`${dir}/full`);
    const args = ['-m', 'sh', '-c', script, 'sh', `${dir}/full`, process.execPath, HS_PROGRAM];
    const result = spawnSync('unshare', args, { env: await hsEnvironment(), encoding: 'utf8' });
    expect(result.stderr).toContain(`cannot write '${dir}/full/.hsstore': no space left on device`);
    expect(result.stderr).toContain('hint: free some space');
    expect(result.stdout).toBe('status 10\n0\nthen 0\n');
  });
});
