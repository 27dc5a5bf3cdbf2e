import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmod, mkdir, open, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureDir } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import { HS_PROGRAM, hs, hsEnvironment } from '../helpers/hs.js';
import { because, hsAsNobody, NOBODY, whyNotMount, whyNotNobody } from '../helpers/ordinary-user.js';
import { tmp } from '../helpers/tmp.js';

/** A store in `dir` with an artifact `file` and an artifact `tree`. */
async function workspace(): Promise<string> {
  const dir = await tmp();
  await ensureDir(join(dir, 'src/sub'));
  await writeFile(join(dir, 'src/a.txt'), 'hello');
  await writeFile(join(dir, 'src/sub/ü.sh'), '#!/bin/sh\n');
  await chmod(join(dir, 'src/sub/ü.sh'), 0o755);
  for (const args of [['init'], ['put', 'src/a.txt', '--name', 'file'], ['put', 'src', '--name', 'tree']]) {
    expect((await hs(args, { cwd: dir })).status).toBe(0);
  }
  return dir;
}

describe('hs export', () => {
  it('prints the path that it made, and as a document everything else', async () => {
    const cwd = await workspace();
    expect(await hs(['export', 'file', 'out.txt'], { cwd })).toMatchObject({
      status: 0,
      stdout: `${cwd}/out.txt\n`,
      stderr: '',
    });
    const { stdout } = await hs(['export', 'tree', 'out', '--json'], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'hs.export/1',
      results: [{ target: `${cwd}/out`, format: 'dir', files: 2, size_bytes: 15, replaced: false }],
    });
  });

  it('makes no directory with the ending of an archive that it does not write, unless told to', async () => {
    const cwd = await workspace();
    for (const dest of ['x.zip', 'x.tar.xz', 'x.TAR.ZST', 'x.tbz2']) {
      const { status, stderr } = await hs(['export', 'tree', dest], { cwd });
      expect([dest, status]).toEqual([dest, 2]);
      expect(stderr).toContain('use .tar or .tar.gz');
    }
    expect((await hs(['export', 'tree', 'x.zip', '--format', 'dir'], { cwd })).status).toBe(0);
    expect((await hs(['export', 'file', 'y.zip'], { cwd })).status).toBe(0);
  });

  it('calls a link that is in the way a link', async () => {
    const cwd = await workspace();
    await symlink('src', join(cwd, 'lout'));
    for (const force of [[], ['--force']]) {
      const { status, stderr } = await hs(['export', 'tree', 'lout', ...force], { cwd });
      expect([status, stderr]).toEqual([8, expect.stringContaining("lout' is a symbolic link")]);
    }
  });

  it('refuses the current directory, parents of the store and the store itself, even with --force', async () => {
    const cwd = await workspace();
    const force = ['--force', '--discard-existing'];
    for (const dest of ['.', '..', '/', '.hsstore', '.hsstore/tmp/x', 'src/../.hsstore/objects']) {
      const { status } = await hs(['export', 'tree', dest, ...force], { cwd });
      expect([dest, status]).toEqual([dest, 7]);
    }
    expect((await hs(['export', 'tree', cwd, ...force], { cwd: join(cwd, 'src') })).status).toBe(7);
    expect((await hs(['ledger', 'verify'], { cwd })).status).toBe(0);
  });

  it('says with its status why it did nothing', async () => {
    const cwd = await workspace();
    await writeFile(join(cwd, 'there'), 'mine');
    await mkdir(join(cwd, 'directory'));
    await symlink('nowhere', join(cwd, 'link'));
    const cases: ReadonlyArray<readonly [args: string[], status: number]> = [
      [['export', 'nothing', 'x'], 4],
      [['export', 'file', 'there'], 8],
      [['export', 'file', 'directory', '--force'], 8],
      [['export', 'file', 'link'], 8],
      [['export', 'tree', 'there', '--force'], 8],
      [['export', 'file', 'no/such/x'], 4],
      [['export', 'file', 'a\nb'], 7],
      [['export', 'tree', 'x', '--format', 'file'], 2],
      [['export', 'tree', '-', '--format', 'dir'], 2],
      [['export', 'file', '-', '--json'], 2],
      [['export', 'file', 'x', 'y'], 2],
      [['export', 'file', 'x', '--consent', 'abc'], 2],
      [['materialize', 'file', 'there'], 8],
    ];
    for (const [args, status] of cases) {
      const got = await hs(args, { cwd });
      expect([args.join(' '), got.status, got.stdout]).toEqual([args.join(' '), status, '']);
    }
    expect(await readFile(join(cwd, 'there'), 'utf8')).toBe('mine');
  });

  it('exports several below one directory, and reports the one that failed', async () => {
    const cwd = await workspace();
    const { status, stdout, stderr } = await hs(['export', 'file', 'nothing', 'tree', '--into', 'many'], {
      cwd,
    });
    expect([status, stdout]).toEqual([3, `${cwd}/many/file\n${cwd}/many/tree\n`]);
    expect(stderr).toContain("'nothing'");
  });

  it('writes a tar that is the same bytes in every time zone and locale, for every umask', async () => {
    const cwd = await workspace();
    const tar = async (env: Record<string, string>) =>
      (await hs(['export', 'tree', '-'], { cwd, env })).bytes;
    const bytes = await tar({ TZ: 'UTC', LC_ALL: 'C.UTF-8' });
    expect(bytes.length).toBeGreaterThan(1024);
    expect(await tar({ TZ: 'Asia/Kathmandu', LC_ALL: 'C' })).toEqual(bytes);
    const shell = `umask 077 && exec "$0" "$1" export tree -`;
    const env = await hsEnvironment({ TZ: 'America/New_York' });
    expect(execFileSync('sh', ['-c', shell, process.execPath, HS_PROGRAM], { cwd, env })).toEqual(bytes);
    expect(await tar({ SOURCE_DATE_EPOCH: '86400' })).not.toEqual(bytes);
  });

  it('refuses a time that an archive cannot have before anything is decided, and for archives alone', async () => {
    const cwd = await workspace();
    const head = async () => (await hs(['ledger', 'head'], { cwd })).stdout;
    const before = await head();
    for (const time of ['2147483648', '8589934591', '99999999999999']) {
      const env = { SOURCE_DATE_EPOCH: time };
      for (const call of ['t.tar', 't.tar.gz', '-', 't.tar --dry-run']) {
        const { status, stderr } = await hs(['export', 'tree', ...call.split(' ')], { cwd, env });
        expect({ call, status, stderr }).toMatchObject({ status: 2, stderr: expect.stringContaining(time) });
        expect(stderr).toContain('is not between 0 and 2147483647');
      }
      expect(await head()).toBe(before);
      expect((await hs(['export', 'tree', `at-${time}`, '--dry-run'], { cwd, env })).status).toBe(0);
    }
    const last = { SOURCE_DATE_EPOCH: '2147483647' };
    expect((await hs(['export', 'tree', 't.tar'], { cwd, env: last })).status).toBe(0);
    const far = { SOURCE_DATE_EPOCH: '99999999999999' };
    expect((await hs(['export', 'tree', 'there'], { cwd, env: far })).status).toBe(0);
  });

  const anotherUser = `writes a tar that is the same bytes for every user${because(whyNotNobody)}`;
  it.skipIf(whyNotNobody !== undefined)(anotherUser, async () => {
    const cwd = await workspace();
    const { bytes } = await hs(['export', 'tree', '-'], { cwd });
    const other = await tmp();
    execFileSync('cp', ['-r', join(cwd, '.hsstore'), other]);
    execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, other]);
    const env = await hsEnvironment({ HOME: other, XDG_STATE_HOME: other });
    expect(execFileSync(...hsAsNobody('export', 'tree', '-'), { cwd: other, env })).toEqual(bytes);
  });

  it.skipIf(whyNotMount !== undefined)(
    `ends with 10 where the disk is full, and leaves nothing${because(whyNotMount)}`,
    async () => {
      const cwd = await workspace();
      const env = await hsEnvironment();
      const full = `mount -t tmpfs -o size=64k tmpfs full && "$0" "$1" put big --name big >/dev/null &&
      "$0" "$1" export big full/big; echo "status $?"; ls -A full`;
      await mkdir(join(cwd, 'full'));
      await writeFile(join(cwd, 'big'), Buffer.alloc(1024 * 1024, 'x'));
      const { stdout, stderr } = spawnSync(
        'unshare',
        ['-m', 'sh', '-c', full, process.execPath, HS_PROGRAM],
        {
          cwd,
          env,
          encoding: 'utf8',
        },
      );
      expect([stdout, stderr]).toEqual(['status 10\n', expect.stringContaining('no space left')]);
    },
  );

  it.each(['file', 'tree'])(
    'says what is wrong with /proc, and leaves nothing to be finished (%s)',
    async (what) => {
      const cwd = await workspace();
      const { status, stderr } = await hs(['export', what, '/proc/x'], { cwd });
      expect([status, stderr]).toEqual([10, expect.stringMatching(/^hs: error: cannot write '\/proc\/x': /)]);
      expect(stderr).not.toMatch(/self\/fd|EINVAL/);
      expect(await readdir(join(cwd, '.hsstore/leases'))).toEqual([]);
      expect((await hs(['pin', 'file'], { cwd })).stderr).toBe('');
    },
  );

  const mountPoint = `never deletes through a mount point in what it replaces${because(whyNotMount)}`;
  it.skipIf(whyNotMount !== undefined)(mountPoint, async () => {
    const cwd = await workspace();
    const mounted = `mount --bind mine out/m && "$0" "$1" export tree out --force --discard-existing; echo "status $?"`;
    for (const dir of ['mine', 'out/m']) await ensureDir(join(cwd, dir));
    await writeFile(join(cwd, 'mine/precious'), 'x');
    const { stdout, stderr } = spawnSync(
      'unshare',
      ['-m', 'sh', '-c', mounted, process.execPath, HS_PROGRAM],
      { cwd, env: await hsEnvironment(), encoding: 'utf8' },
    );
    expect([stdout, stderr]).toEqual(['status 7\n', expect.stringContaining('out/m')]);
    expect([await readdir(join(cwd, 'mine')), await readdir(join(cwd, 'out'))]).toEqual([
      ['precious'],
      ['m'],
    ]);
  });

  const bound = `finds the store also behind a bind mount of a part of it${because(whyNotMount)}`;
  it.skipIf(whyNotMount !== undefined)(bound, async () => {
    const cwd = await workspace();
    await mkdir(join(cwd, 'bound'));
    const script = `for part in . objects objects/a0 ledger ledger/000000 tmp cache trash; do
      mount --bind ".hsstore/$part" bound && "$0" "$1" export file bound/evil 2>/dev/null
      echo "$part $?"; umount bound; done`;
    const { stdout } = spawnSync('unshare', ['-m', 'sh', '-c', script, process.execPath, HS_PROGRAM], {
      cwd,
      env: await hsEnvironment(),
      encoding: 'utf8',
    });
    expect(
      stdout
        .trim()
        .split('\n')
        .filter((line) => !line.endsWith(' 7')),
    ).toEqual([]);
    expect(stdout.trim().split('\n')).toHaveLength(8);
  });

  it('is stopped by Ctrl-C without a trace at its destination, and on record', async () => {
    const cwd = await workspace();
    const file = await open(join(cwd, 'large'), 'w');
    await file.truncate(256 * 1024 * 1024);
    await file.close();
    expect((await hs(['put', 'large', '--name', 'large'], { cwd })).status).toBe(0);
    const child = spawn(process.execPath, [HS_PROGRAM, 'export', 'large', 'out'], {
      cwd,
      env: await hsEnvironment(),
    });
    const status = new Promise<number>((resolve) =>
      child.on('close', (code, signal) => resolve(code ?? (signal ? 130 : -1))),
    );
    while (!(await readdir(cwd)).some((name) => name.startsWith('.hs-tmp-'))) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill('SIGINT');
    expect(await status).toBe(130);
    expect((await readdir(cwd)).filter((name) => name === 'out' || name.startsWith('.hs-tmp-'))).toEqual([]);
    const { stdout } = await hs(['ledger', 'cat', '--jsonl'], { cwd });
    const last = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter((e) => e.type === 'export_record')
      .at(-1);
    expect(last.payload).toMatchObject({
      outcome: 'failed',
      errors: [expect.stringContaining('interrupted')],
    });
  }, 60_000);
});

describe('a job', () => {
  it('without the grant is refused, and the ledger says so', async () => {
    const cwd = await workspace();
    const env = { HS_ACTOR: 'ai_job:nightly', HS_JOB_ID: 'job-7' };
    const { status, stderr } = await hs(['export', 'file', 'out'], { cwd, env });
    expect(status).toBe(6);
    expect(stderr).toContain("lacks the capability 'artifact.export' outside the output root 'hs-out'");
    expect((await hs(['export', 'file'], { cwd, env })).status).toBe(0);
    expect(await readFile(join(cwd, 'hs-out/file'), 'utf8')).toBe('hello');
    const { stdout } = await hs(['ledger', 'cat', '--jsonl'], { cwd });
    const entries = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const refused = entries.filter((e) => e.decision === 'deny');
    expect(refused.map((e) => [e.type, e.actor, e.job_id])).toEqual([
      ['export_decided', 'ai_job', 'job-7'],
      ['export_record', 'ai_job', 'job-7'],
    ]);
  });

  it('may not read restricted content, reclassify, promote, or set a policy; each refusal is in the ledger', async () => {
    const cwd = await workspace();
    const env = { HS_ACTOR: 'ai_job:nightly' };
    expect(
      (await hs(['reclassify', 'file', '--classification', 'high', '--ttl', '3', '--reason', 'r'], { cwd }))
        .status,
    ).toBe(0);
    await writeFile(join(cwd, 'p.json'), (await hs(['policy', 'show'], { cwd })).stdout);
    for (const args of [
      ['cat-artifact', 'file'],
      ['reclassify', 'file', '--exportable', '--reason', 'r'],
      ['promote', 'file'],
      ['policy', 'set', 'p.json'],
      ['import', 'nothing.tar'],
    ]) {
      expect([args[0], (await hs(args, { cwd, env })).status]).toEqual([args[0], 6]);
    }
    const { stdout } = await hs(['ledger', 'cat', '--jsonl'], { cwd });
    const denied = stdout.split('\n').filter((line) => line.includes('"decision":"deny"'));
    expect(denied).toHaveLength(5);
  });
});

describe('hs policy', () => {
  it('prints a policy that it accepts again, shows what would change, and refuses an unknown capability with HSK-4001', async () => {
    const cwd = await workspace();
    const shown = (await hs(['policy', 'show'], { cwd })).stdout;
    const file = join(cwd, 'p.json');
    await writeFile(file, shown);
    expect((await hs(['policy', 'set', 'p.json', '--json'], { cwd })).stdout).toContain('"changed":false');
    await writeFile(file, shown.replace('"trash_days": 7', '"trash_days": 2'));
    expect((await hs(['policy', 'check', 'p.json'], { cwd })).stdout).toContain(
      'retention.trash_days: 7 -> 2\n',
    );
    expect((await hs(['policy', 'set', 'p.json'], { cwd })).status).toBe(0);
    expect((await hs(['policy', 'show'], { cwd })).stdout).toContain('"trash_days": 2');
    await writeFile(file, shown.replace('"artifact.read"', '"artifact.sell"'));
    const { status, stderr } = await hs(['policy', 'set', 'p.json'], { cwd });
    expect([status, stderr]).toEqual([6, expect.stringContaining('HSK-4001')]);
    await writeFile(file, shown.replaceAll('"policy.set",', ''));
    expect((await hs(['policy', 'set', 'p.json'], { cwd })).stderr).toContain(
      'its author could not set another',
    );
    await writeFile(file, '{"schema":"hs.policy/1","schema":"hs.policy/1"}');
    expect((await hs(['policy', 'set', 'p.json'], { cwd })).status).toBe(5);
    await writeFile(file, '{"schema":');
    const broken = await hs(['policy', 'set', 'p.json'], { cwd });
    expect([broken.status, broken.stderr]).toEqual([
      5,
      expect.stringContaining(`hs: error: cannot read '${file}': not JSON`),
    ]);
  });
});

describe('hs bundle and hs import', () => {
  it('say in words what is not portable, and of which artifact', async () => {
    const cwd = await tmp();
    await hs(['init'], { cwd });
    await mkdir(join(cwd, 'sp'));
    await writeFile(join(cwd, 'sp/ lead '), '');
    await hs(['put', 'sp', '--name', 'spaces'], { cwd });
    expect((await hs(['bundle', 'create', 'spaces'], { cwd })).stderr).toContain(
      "' lead ' in 'spaces' is not portable: trailing dot or space",
    );
  });

  it('carry artifacts from one store to another, checked by anyone on the way', async () => {
    const [here, there] = [await workspace(), await tmp()];
    await hs(['bundle', 'create', 'file', 'tree', '--name', 'both'], { cwd: here });
    expect((await hs(['export', 'both', 'both.tar.gz', '--format', 'tar.gz'], { cwd: here })).status).toBe(0);
    const tar = join(here, 'both.tar.gz');
    expect((await hs(['bundle', 'verify', tar], { cwd: there })).stdout).toContain(
      'whole: 2 members, 7 files',
    );
    await hs(['init'], { cwd: there });
    expect((await hs(['import', tar], { cwd: there })).stdout.trim().split('\n')).toHaveLength(2);
    expect((await hs(['export', 'tree', 'out'], { cwd: there })).status).toBe(0);
    expect(execFileSync('diff', ['-r', join(here, 'src'), join(there, 'out')]).length).toBe(0);
    await writeFile(tar, (await readFile(tar)).subarray(0, -20));
    const cut = await hs(['bundle', 'verify', tar], { cwd: there });
    expect([cut.status, cut.stderr]).toEqual([7, expect.stringContaining(`hs: error: bundle '${tar}': `)]);
    expect(cut.stderr).not.toContain('taken');
    const imported = await hs(['import', tar], { cwd: there });
    expect(imported.stderr).toMatch(/^hs: error: bundle '.*hint: nothing was imported; /s);
    expect((await hs(['bundle', 'verify', 'nothing'], { cwd: there })).status).toBe(4);
    for (const command of [['bundle', 'verify'], ['bundle', 'ls'], ['import']]) {
      const none = await hs([...command, 'out'], { cwd: there });
      expect([none.status, none.stderr]).toEqual([
        5,
        expect.stringContaining(`'${there}/out' is not a bundle: it has no 'bundle_index.json'`),
      ]);
    }
  });

  it('reads an archive from standard input for -', async () => {
    const dir = await tmp();
    await hs(['init'], { cwd: dir });
    await writeFile(`${dir}/f`, 'x'.repeat(300_000));
    const member = (await hs(['put', 'f'], { cwd: dir })).stdout.trim();
    const id = (await hs(['bundle', 'create', member], { cwd: dir })).stdout.trim();
    const there = await tmp();
    await hs(['init'], { cwd: there });
    for (const format of ['tar', 'tar.gz']) {
      await hs(['export', id, `b.${format}`, '--format', format], { cwd: dir });
      const stdin = await readFile(`${dir}/b.${format}`);
      const read = (...args: string[]) => hs([...args, '-'], { cwd: there, stdin });
      expect((await read('bundle', 'verify')).stdout).toMatch(/whole: 1 member/);
      expect((await read('bundle', 'ls')).stdout).toContain(member);
      expect((await read('import')).stdout.trim()).toBe(member);
    }
    expect((await hs(['bundle', 'verify', '-'], { cwd: there, stdin: 'no tar' })).status).toBe(7);
  });
});
