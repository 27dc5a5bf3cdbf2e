import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmod,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { ensureDir, remove } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import { indexFiles } from '../helpers/index-dir.js';
import { inside } from '../helpers/inside.js';
import { noise } from '../helpers/noise.js';
import { openTestSession } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';

interface Found {
  readonly severity: string;
  readonly subject: string;
  readonly message: string;
  readonly hint: string;
  readonly repaired: boolean;
}

/** A store with one file artifact 'f' and one directory artifact 'd' of two files. */
async function workspace() {
  const cwd = await tmp();
  const hs = inside(cwd);
  expect((await hs(['init'])).status).toBe(0);
  await ensureDir(`${cwd}/d/sub`);
  await writeFile(`${cwd}/f`, 'the file');
  await writeFile(`${cwd}/d/one`, 'one');
  await writeFile(`${cwd}/d/sub/two`, 'two');
  for (const name of ['f', 'd']) await hs(['put', name, '--name', name]);
  const root = `${cwd}/.hsstore`;
  const at = (id: string) => `${root}/objects/${id.slice(0, 2)}/${id}`;
  const facts = async (name: string) => {
    const { bytes } = await hs(['cat-artifact', '--manifest', name]);
    const text = bytes.toString().trim();
    return {
      content_hash: JSON.parse(text).content_hash as string,
      manifest: createHash('sha256').update(text).digest('hex'),
    };
  };
  const fsck = async (...args: string[]) => {
    const { status, stdout, stderr } = await hs(['fsck', '--json', ...args]);
    expect(stderr).toBe('');
    const { results: findings, ...report } = JSON.parse(stdout) as {
      results: Found[];
      repaired: number;
      checked: { objects: number };
    };
    expect(status).toBe(findings.length > 0 ? 1 : 0);
    return { ...report, findings };
  };
  /** `severity subject`, ids left out. */
  const found = async (...args: string[]) =>
    (await fsck(...args)).findings
      .map(
        (f) => `${f.severity} ${f.subject.replace(/[0-9a-f]{62,64}/, 'ID').replace(/ \([0-9a-f]{8}\)/, '')}`,
      )
      .sort();
  const messages = async () => (await fsck()).findings.map((f) => f.message).join('\n');
  const overwrite = async (path: string, bytes: string | Uint8Array) => {
    await chmod(path, 0o644);
    await writeFile(path, bytes);
    await chmod(path, 0o444);
  };
  return { cwd, hs, root, at, facts, fsck, found, messages, overwrite };
}

const ONE = '7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed';

describe('hs fsck', () => {
  it('finds nothing in a store that was only used', async () => {
    const { hs, fsck } = await workspace();
    await hs(['pin', 'f', '--name', 'p']);
    await hs(['rm', 'd', '--yes']);
    expect((await fsck()).findings).toEqual([]);
    const { status, stdout } = await hs(['fsck']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/2 artifacts, .*no problems\n$/);
  });

  it('names the object whose byte was flipped, and whose file it is', async () => {
    const w = await workspace();
    const bytes = await readFile(w.at(ONE));
    bytes[1]! ^= 1;
    await w.overwrite(w.at(ONE), bytes);
    expect(await w.found()).toEqual(['damage d', 'damage objects/76/ID']);
    expect(await w.messages()).toContain("file 'one' is damaged");
    expect(await w.found('--second-opinion')).toEqual(['damage d', 'damage objects/76/ID']);
    const { stdout } = await w.hs(['fsck']);
    expect(stdout).toContain('damage: ');
    expect(stdout).toContain('hs hash-object -w FILE');
  });

  it('finds an object that was truncated, also where a sample leaves it unread', async () => {
    const w = await workspace();
    await chmod(w.at(ONE), 0o644);
    await truncate(w.at(ONE), 1);
    await chmod(w.at(ONE), 0o444);
    expect(await w.found()).toEqual(['damage d', 'damage objects/76/ID']);
    expect(await w.messages()).toContain("file 'one' has 1 bytes instead of 3");
    expect(await w.found('--sample', '0.001%')).toEqual(['damage d']);
  });

  it('finds a missing file of a directory, index, payload and manifest', async () => {
    const w = await workspace();
    const [f, d] = [await w.facts('f'), await w.facts('d')];
    await unlink(w.at(ONE));
    expect(await w.messages()).toMatch(/^d \(.{8}\): file 'one' is missing: object 7692/);
    await unlink(w.at(d.content_hash));
    expect(await w.messages()).toMatch(/^d \(.{8}\): the index is missing/);
    await unlink(w.at(f.content_hash));
    expect(await w.messages()).toMatch(/f \(.{8}\): the payload is missing/);
    await unlink(w.at(f.manifest));
    expect(await w.messages()).toMatch(/f \(.{8}\): the manifest of revision 1 is missing/);
    expect((await w.fsck()).findings.every((x) => x.severity === 'damage')).toBe(true);
    // The remedy that it names works.
    expect((await w.hs(['hash-object', '-w', `${w.cwd}/f`])).status).toBe(0);
    expect(await w.messages()).not.toContain('the payload is missing');
  });

  it('finds an index that is none, and a manifest of another artifact under the right name', async () => {
    const w = await workspace();
    const [f, d] = [await w.facts('f'), await w.facts('d')];
    await w.overwrite(w.at(d.content_hash), '[1]');
    await w.overwrite(w.at(f.manifest), await readFile(w.at(d.manifest)));
    const found = await w.found();
    expect(found).toEqual(
      expect.arrayContaining([
        'damage d',
        'damage f',
        'damage objects/ID'.replace('ID', `${d.content_hash.slice(0, 2)}/ID`),
      ]),
    );
  });

  it('lists stray files, links, FIFOs and directories in every directory of the store', async () => {
    const w = await workspace();
    await w.hs(['rm', 'f', '--yes']);
    const [batch] = await readdir(`${w.root}/trash`);
    const dirs = [
      '',
      'objects/',
      'objects/76/',
      'ledger/',
      'ledger/000000/',
      'leases/',
      `trash/`,
      `trash/${batch}/`,
      'tmp/',
      'cache/',
      `cache/${basename(dirname(indexFiles(w.root)[0]!))}/`,
    ];
    for (const dir of dirs) {
      await writeFile(`${w.root}/${dir}stray`, '');
      await symlink('/etc/passwd', `${w.root}/${dir}link`);
      await mkdir(`${w.root}/${dir}dir`);
      execFileSync('mkfifo', [`${w.root}/${dir}fifo`]);
    }
    const expected = dirs.flatMap((dir) => ['dir', 'fifo', 'link', 'stray'].map((n) => `stray ${dir}${n}`));
    expect(await w.found()).toEqual(expected.sort());
    // A stray thing is not ours to remove.
    await w.fsck('--repair');
    expect(await w.found()).toEqual(expected.sort());
  });

  it('lists names that look right and are in the wrong place or of the wrong kind', async () => {
    const w = await workspace();
    const id = `${'a'.repeat(63)}b`;
    await writeFile(`${w.root}/objects/76/${id}`, '');
    await mkdir(w.at(id));
    await symlink(w.at(ONE), w.at(`aa${'b'.repeat(62)}`));
    await mkdir(`${w.root}/leases/${'0'.repeat(24)}`);
    await mkdir(`${w.root}/objects/ga`);
    await writeFile(Buffer.concat([Buffer.from(`${w.root}/tmp/`), Buffer.from([0xff, 0x1b])]), '');
    const found = await w.found();
    expect(found).toEqual([
      'damage objects/aa/ID',
      'damage objects/aa/ID',
      `stray leases/${'0'.repeat(24)}`,
      'stray objects/76/ID',
      'stray objects/ga',
      'stray tmp/\\xff\\x1b',
    ]);
  });

  it('reports a changed byte in a trash seal, and objects taken out of a batch', async () => {
    const { hs, root, fsck } = await workspace();
    await hs(['rm', 'd', '--yes']);
    expect((await fsck()).findings).toEqual([]);
    const trash = `${root}/trash`;
    const [batch] = await readdir(trash);
    const seal = `${trash}/${batch}/seal.json`;
    const text = await readFile(seal, 'utf8');
    for (const changed of [
      text.replace('hs.trash-seal', 'hs.trash-sea1'),
      text.replace(/"sealed_at":"2/, '"sealed_at":"1'),
      text.replace('}', '} '),
      text.slice(0, -1),
      text.replace(']', ',"x"]').replace('[,', '['),
    ]) {
      await writeFile(seal, changed);
      expect((await fsck()).findings, changed).toMatchObject([
        { severity: 'damage', subject: `trash/${batch}/seal.json` },
      ]);
    }
    await writeFile(seal, text);
    const objects = (await readdir(`${trash}/${batch}`)).filter((name) => /^[0-9a-f]{64}$/.test(name));
    await unlink(`${trash}/${batch}/${objects[0]}`);
    expect((await fsck()).findings).toMatchObject([
      {
        severity: 'damage',
        message: expect.stringMatching(
          /^d \(.{8}\): it was removed and cannot be brought back: 1 of \d objects/,
        ),
      },
    ]);
    // What a collection purges is no loss.
    await hs(['gc', '--yes', '--empty-trash']);
    expect((await fsck()).findings).toEqual([]);
  });

  it('repairs modes, missing directories, and objects in the trash that are in use', async () => {
    const w = await workspace();
    await w.hs(['rm', 'f', '--yes']);
    const [batch] = await readdir(`${w.root}/trash`);
    await rename(w.at(ONE), `${w.root}/trash/${batch}/${ONE}`);
    const d = await w.facts('d');
    await chmod(w.at(d.manifest), 0o666);
    await chmod(`${w.root}/ledger/000000/0000000001.json`, 0o644);
    await chmod(`${w.root}/ledger/000000`, 0o777);
    await chmod(`${w.root}/trash/${batch}`, 0o750);
    await chmod(`${w.root}/tmp`, 0o755);
    await remove(`${w.root}/packs`);
    const before = await w.found();
    expect(before).toEqual([
      'misplaced d',
      'misplaced ledger/000000',
      'misplaced ledger/000000/0000000001.json',
      `misplaced objects/${d.manifest.slice(0, 2)}/ID`,
      'misplaced packs',
      'misplaced tmp',
      `misplaced trash/${batch}`,
    ]);
    const report = await w.fsck('--repair');
    expect(report.repaired).toBe(7);
    expect(report.findings.every((x) => x.repaired)).toBe(true);
    expect(await w.found()).toEqual([]);
    expect((await stat(w.at(ONE))).mode & 0o777).toBe(0o444);
    const entry = JSON.parse((await w.hs(['ledger', 'cat', '--type', 'integrity_finding'])).stdout);
    expect(entry.payload).toMatchObject({ findings: 7, repaired: 7 });
    expect(entry.capability_id).toBe('integrity.repair');
  });

  it('recreates an object directory, and never removes damaged objects', async () => {
    const w = await workspace();
    const gone = (
      await Promise.all(
        (
          await readdir(`${w.root}/objects`)
        ).map(async (x) => ((await readdir(`${w.root}/objects/${x}`)).length === 0 ? x : undefined)),
      )
    ).find((x) => x !== undefined)!;
    await remove(`${w.root}/objects/${gone}`);
    await w.overwrite(w.at(ONE), 'xxx');
    await w.fsck('--repair');
    expect(await w.found()).toEqual(['damage d']);
    const [repair] = await readdir(`${w.root}/quarantine`);
    expect(await readFile(`${w.root}/quarantine/${repair}/${ONE}`, 'utf8')).toBe('xxx');
    expect((await w.hs(['doctor'])).stdout).toContain('1 damaged file (3 B), set aside by hs fsck --repair');
    expect((await w.hs(['du'])).stdout).toContain('1 damaged file in the quarantine, 3 B');
  });

  it('clears the leftovers of a killed command, and leaves a running one alone', async () => {
    const w = await workspace();
    const dead = 'd'.repeat(24);
    await writeFile(`${w.root}/leases/${dead}`, '', { mode: 0o600 });
    await writeFile(`${w.root}/tmp/${dead}-0`, 'x');
    await writeFile(`${w.root}/tmp/${'e'.repeat(24)}-0`, 'x');
    const indexes = ['discarded', 'new'].map((n) => `cache/${n}-0123456789abcdef`);
    for (const index of indexes) {
      await mkdir(`${w.root}/${index}`);
      await writeFile(`${w.root}/${index}/root`, '');
    }
    const holder = await openTestSession(w.cwd);
    const lease = await holder.store.leases.take();
    await writeFile(`${w.root}/tmp/${lease.token}-0`, 'x');
    expect(await w.found()).toEqual([
      ...indexes.map((index) => `leftover ${index}`),
      `leftover leases/${dead}`,
      `leftover tmp/${dead}-0`,
      `leftover tmp/${'e'.repeat(24)}-0`,
    ]);
    expect((await w.fsck('--repair')).repaired).toBe(5);
    expect(await w.found()).toEqual([]);
    expect(await readdir(`${w.root}/cache`)).toEqual([expect.stringMatching(/^catalog-[0-9a-f]{16}$/)]);
    expect(await readdir(`${w.root}/tmp`)).toEqual([`${lease.token}-0`]);
    await unlink(`${w.root}/tmp/${lease.token}-0`);
    await lease.release();
    await holder.close();
  });

  it('does not say that it repaired a lease that cannot be finished', async () => {
    const w = await workspace();
    const export_id = '00000000-0000-4000-8000-000000000000';
    const begun = { after_seq: 0, config: { mtime: 0, with_manifest: false }, export_id, journal: 'export' };
    const lines = [begun, { export_id, journal: 'staging', staging: {} }].map((l) => JSON.stringify(l));
    await writeFile(`${w.root}/leases/${'d'.repeat(24)}`, `${lines.join('\n')}\n`, { mode: 0o600 });
    expect((await w.fsck('--repair')).repaired).toBe(0);
    expect(await w.found()).toEqual([`leftover leases/${'d'.repeat(24)}`]);
  });

  it('reports an object with a second hard link', async () => {
    const w = await workspace();
    await link(w.at(ONE), `${w.cwd}/outside`);
    expect(await w.messages()).toContain('has 2 names');
    expect((await w.fsck('--repair')).repaired).toBe(1);
    expect(await w.found()).toEqual([]);
    await chmod(`${w.cwd}/outside`, 0o644);
    await writeFile(`${w.cwd}/outside`, 'changed by its other name');
    expect(await readFile(w.at(ONE), 'utf8')).toBe('one');
  });

  const BACK = `${'a'.repeat(24)}-entry-1`;
  it.each([
    ['the next command that writes', ['ledger', 'append-note', 'x']],
    ['fsck --repair', ['fsck', '--repair']],
  ])('has nothing left of names that a power cut brought back after %s', async (_, argv) => {
    const w = await workspace();
    await link(`${w.root}/ledger/000000/0000000001.json`, `${w.root}/tmp/${BACK}`);
    await link(`${w.root}/ledger/000000/0000000000.json`, `${w.root}/tmp/entry`);
    await link(w.at(ONE), `${w.root}/tmp/${'b'.repeat(24)}-0`);
    expect((await w.found()).sort()).toEqual([
      `leftover tmp/${BACK}`,
      `leftover tmp/${'b'.repeat(24)}-0`,
      'leftover tmp/entry',
      expect.stringMatching('^misplaced objects/'),
    ]);
    await w.hs(argv);
    expect(await readdir(`${w.root}/tmp`)).toEqual([]);
    expect(await w.found()).toEqual([]);
  });

  it('repairs an object that is also in the trash', async () => {
    const w = await workspace();
    await w.hs(['rm', 'f', '--yes']);
    const [batch] = await readdir(`${w.root}/trash`);
    await link(w.at(ONE), `${w.root}/trash/${batch}/${ONE}`);
    expect((await w.fsck('--repair')).repaired).toBe(2);
    expect(await w.found()).toEqual([]);
    expect((await stat(w.at(ONE))).nlink).toBe(1);
  });

  it('reports a broken ledger, checks the rest all the same, and repairs nothing', async () => {
    const w = await workspace();
    await unlink(`${w.root}/ledger/000000/0000000001.json`);
    await w.overwrite(w.at(ONE), 'xxx');
    await chmod(`${w.root}/tmp`, 0o755);
    const { status, stdout, stderr } = await w.hs(['fsck', '--repair']);
    expect(status).toBe(1);
    expect(stdout).toContain('entry 1 is missing');
    expect(stdout).toContain('does not match its name');
    expect(stdout).toContain('0 repaired');
    expect(stderr).toContain('nothing was repaired');
  });

  it('works with missing directories', async () => {
    const w = await workspace();
    for (const dir of ['trash', 'tmp', 'leases', 'cache', 'gc.lock']) await remove(`${w.root}/${dir}`);
    // Looking takes a lease, and so makes leases/ again.
    expect(await w.found()).toEqual([
      'misplaced cache',
      'misplaced gc.lock',
      'misplaced tmp',
      'misplaced trash',
    ]);
    await remove(`${w.root}/ledger`);
    expect(await w.found()).toContain('misplaced ledger');
  });

  it('reads about the given share of objects, and refuses an invalid one', async () => {
    const w = await workspace();
    const names = Array.from({ length: 200 }, (_, i) => `${i}`).join('\n');
    await mkdir(`${w.cwd}/many`);
    for (const n of names.split('\n')) await writeFile(`${w.cwd}/many/${n}`, n);
    await w.hs(['put', 'many']);
    const { checked } = await w.fsck('--sample', '20%');
    expect(checked.objects).toBeGreaterThan(10);
    expect(checked.objects).toBeLessThan(90);
    for (const share of ['0', '101%', '-1%', 'x', '5%%'])
      expect((await w.hs(['fsck', '--sample', share])).status).toBe(2);
  });

  it('does not let a job repair', async () => {
    const w = await workspace();
    await chmod(`${w.root}/tmp`, 0o755);
    const { status } = await w.hs(['fsck', '--repair'], { env: { HS_ACTOR: 'ai_job:worker' } });
    expect(status).toBe(6);
    expect((await stat(`${w.root}/tmp`)).mode & 0o777).toBe(0o755);
  });
});

describe('a missing earlier policy', () => {
  it('is told of by fsck and ledger verify, and comes back with its bytes', async () => {
    const w = await workspace();
    const text = (await w.hs(['policy', 'show', '--json'])).stdout;
    const { policy } = JSON.parse(text);
    policy.retention.trash_days = 8;
    await writeFile(`${w.cwd}/policy.json`, JSON.stringify(policy));
    const first = (await readdir(`${w.root}/objects`, { recursive: true })).map((p) => p.slice(3));
    const genesis = await readFile(`${w.root}/ledger/000000/0000000000.json`, 'utf8');
    const id = first.find((name) => name !== '' && genesis.includes(`"policy":"${name}"`))!;
    expect((await w.hs(['policy', 'set', 'policy.json'])).status).toBe(0);
    const bytes = await readFile(w.at(id));
    await unlink(w.at(id));
    expect(await w.messages()).toContain('cannot read the policy that entry 0 set');
    expect((await w.hs(['ledger', 'verify'])).status).toBe(5);
    await chmod(`${w.root}/tmp`, 0o755);
    expect((await w.fsck('--repair')).repaired).toBe(1);
    await writeFile(`${w.cwd}/copy`, bytes);
    await w.hs(['hash-object', '-w', 'copy']);
    expect(await w.found()).toEqual([]);
  });
});

describe('a damaged object', () => {
  it('is told of where its bytes are asked for', async () => {
    const { hs, at, facts, fsck, overwrite } = await workspace();
    await overwrite(at((await facts('f')).content_hash), 'THE FILE');
    expect((await fsck()).findings[0]!.hint).toContain('hs hash-object -w FILE');
    expect((await hs(['export', 'f', 'out'])).stderr).toMatch(
      /cannot export 'f': its bytes are damaged in the store\nhint: .*hash-object/,
    );
  });

  const WAYS = [
    ['hash-object', '-w', 'f', 'd/one'],
    ['put', 'f', 'd'],
    ['put', '--each', '.in'],
    ['write-index', '.in'],
    ['import', '.bundle'],
    ['run', '--sandbox', 'none', '--', 'sh', '-c', 'cp f d/one "$HS_OUT"'],
  ];
  it.each(
    WAYS.flatMap((argv) =>
      ['THE FILE', 'the'].map((bytes) => [argv.slice(0, 2).join(' '), bytes, argv] as const),
    ),
  )('reads back once its bytes came again by %s, also where it held %j', async (_, bytes, argv) => {
    const { cwd, hs, at, facts, fsck, overwrite } = await workspace();
    await mkdir(`${cwd}/.in`);
    for (const [name, text] of Object.entries({ f: 'the file', one: 'one' }))
      await writeFile(`${cwd}/.in/${name}`, text);
    await hs(['bundle', 'create', 'f', 'd', '--name', 'bundle']);
    await hs(['export', 'bundle', '.bundle']);
    const file = at((await facts('f')).content_hash);
    const one = at(createHash('sha256').update('one').digest('hex'));
    await overwrite(file, bytes);
    await overwrite(one, 'ONE');
    const { status, stderr } = await hs(argv);
    expect([status, stderr]).toEqual([0, expect.anything()]);
    expect((await fsck()).findings).toEqual([]);
    expect([await readFile(file, 'utf8'), await readFile(one, 'utf8')]).toEqual(['the file', 'one']);
  });

  it('that is too large for memory is rewritten too', async () => {
    const { cwd, hs, at, fsck, overwrite } = await workspace();
    const good = Buffer.alloc(3_000_000, 'a');
    await writeFile(`${cwd}/large`, good);
    await hs(['put', 'large']);
    await overwrite(at(createHash('sha256').update(good).digest('hex')), Buffer.alloc(good.length, 'b'));
    expect((await hs(['put', 'large'])).status).toBe(0);
    expect((await fsck()).findings).toEqual([]);
  });

  it('in the trash goes when its bytes are put again', async () => {
    const { hs, at, facts, fsck, root, overwrite } = await workspace();
    const { content_hash: id } = await facts('f');
    await hs(['rm', 'f', '--yes']);
    const [batch] = await readdir(`${root}/trash`);
    await overwrite(`${root}/trash/${batch}/${id}`, 'THE FILE');
    expect((await hs(['put', 'f'])).status).toBe(0);
    expect(await readFile(at(id), 'utf8')).toBe('the file');
    expect((await fsck()).findings).toEqual([]);
  });
});

describe('hs fsck of packs', () => {
  /** Four of these fill a block of a pack, which is not compressed then: one of them can be damaged alone. */
  const content = (i: number) => noise(i, 16 * 1024);

  /** A store whose one directory artifact lies in a pack. */
  async function packed() {
    const made = await workspace();
    await mkdir(`${made.cwd}/many`);
    for (let i = 0; i < 40; i++) await writeFile(`${made.cwd}/many/f${i}`, content(i));
    await made.hs(['put', 'many', '--name', 'many']);
    const [name] = await readdir(`${made.root}/packs`);
    return { ...made, name: name!, pack: `${made.root}/packs/${name}` };
  }

  it('counts their objects, and finds nothing wrong with an intact one', async () => {
    const { fsck, hs } = await packed();
    const { checked } = await fsck('--second-opinion');
    const counts = JSON.parse((await hs(['count-objects', '--json'])).stdout);
    expect(counts).toMatchObject({ packs: 1, packed_objects: 42 });
    expect(checked.objects).toBe(counts.objects);
  });

  it('names the object with a changed byte, and its artifact', async () => {
    const { pack, fsck, overwrite } = await packed();
    const bytes = await readFile(pack);
    const at = bytes.indexOf(content(7));
    bytes[at]! ^= 1;
    await overwrite(pack, bytes);
    const { findings } = await fsck();
    const id = createHash('sha256').update(content(7)).digest('hex');
    expect(findings.map((f) => f.severity)).toEqual(['damage', 'damage']);
    expect(findings[0]!.subject).toMatch(new RegExp(`^packs/.*: object ${id}$`));
    expect(findings[1]!.message).toContain(`file 'f7' is damaged: object ${id}`);
  });

  it.each([
    ['hash-object -w', ['hash-object', '-w', 'many/f7', 'many/f8']],
    ['put', ['put', 'many']],
  ])('is given the bytes again by %s, and forgets the damaged copy', async (_, argv) => {
    const { cwd, pack, hs, fsck, overwrite } = await packed();
    const bytes = await readFile(pack);
    bytes[bytes.indexOf(content(7))]! ^= 1;
    await overwrite(pack, bytes);
    expect((await fsck()).findings[0]!.hint).toContain('hs hash-object -w FILE');
    await hs(argv);
    expect((await fsck()).findings).toEqual([]);
    await hs(['export', 'many', 'out']);
    execFileSync('diff', ['-r', 'many', 'out'], { cwd });
  });

  it('with --repair, drops a damaged copy of an object that has an intact file', async () => {
    const { pack, at, fsck, overwrite } = await packed();
    const bytes = await readFile(pack);
    const good = content(7);
    bytes[bytes.indexOf(good)]! ^= 1;
    await overwrite(pack, bytes);
    await writeFile(at(createHash('sha256').update(good).digest('hex')), good, { mode: 0o444 });
    const [finding, ...more] = (await fsck()).findings;
    expect([more, finding!.severity]).toEqual([[], 'misplaced']);
    expect((await fsck('--repair')).repaired).toBe(1);
    expect((await fsck()).findings).toEqual([]);
  });

  it('reports a pack with a damaged or truncated index, and removes nothing', async () => {
    for (const damage of [
      (b: Buffer) => b.fill(0, b.length - 60, b.length - 50),
      (b: Buffer) => b.subarray(0, -1),
    ]) {
      const { root, pack, found, overwrite } = await packed();
      await overwrite(pack, damage(await readFile(pack)));
      expect(await found('--repair')).toContain('damage packs/ID.pack');
      const [repair] = await readdir(`${root}/quarantine`);
      expect(await readdir(`${root}/quarantine/${repair}`)).toEqual([basename(pack)]);
    }
  });

  it('finds stray files, hard links and wrong modes', async () => {
    const { root, cwd, name, found, fsck } = await packed();
    await writeFile(`${root}/packs/notes`, 'mine');
    await chmod(`${root}/packs/${name}`, 0o644);
    await link(`${root}/packs/${name}`, `${cwd}/other`);
    expect(await found()).toEqual([
      'misplaced packs/ID.pack',
      'misplaced packs/ID.pack',
      'stray packs/notes',
    ]);
    await unlink(`${cwd}/other`);
    await rm(`${root}/packs/notes`);
    expect((await fsck('--repair')).repaired).toBe(1);
    expect((await fsck()).findings).toEqual([]);
  });

  it('restores objects that are only in a pack of the trash', async () => {
    const { root, cwd, name, hs, fsck } = await packed();
    const batch = `${root}/trash/20260101000000000-0123456789ab-kept`;
    await mkdir(batch, { mode: 0o700 });
    await rename(`${root}/packs/${name}`, `${batch}/${name}`);
    const before = await fsck();
    expect(before.findings.map((f) => f.severity)).toEqual(new Array(42).fill('misplaced'));
    expect((await fsck('--repair')).repaired).toBe(42);
    expect((await fsck()).findings).toEqual([]);
    await hs(['export', 'many', 'out']);
    expect(await readFile(`${cwd}/out/f3`)).toEqual(content(3));
  });
});
